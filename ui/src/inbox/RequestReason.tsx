/** Why a request does not move, without anything of its data. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { myRequestReasonQuery } from "../api/queries/inbox/inbox";
import { Problem } from "../kit/states/Problem";
import { useText } from "../text/language";
import { REASONS } from "./reasons";

export function RequestReason({ executionId }: { executionId: string }) {
  const say = useText(REASONS);
  const { data, error, refetch } = useQuery(myRequestReasonQuery(useApi(), executionId));
  if (data === undefined && error !== null) {
    return <Problem error={error} onRetry={() => void refetch()} shape="bar" />;
  }
  // Screen readers say what comes into a region that was there before.
  return <p role="status">{data !== undefined && say(data.item)}</p>;
}

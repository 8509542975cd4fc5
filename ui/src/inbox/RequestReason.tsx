/** Why a request does not move, without anything of its data. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { myRequestReasonQuery } from "../api/queries/inbox/inbox";
import { reasonOf } from "../graph/reasons/reasons";
import { Problem } from "../kit/states/Problem";
import { useLanguage } from "../text/language";
import { useTimes } from "../text/time";

export function RequestReason({ executionId }: { executionId: string }) {
  const language = useLanguage();
  const { formats, now } = useTimes();
  const { data, error, refetch } = useQuery(myRequestReasonQuery(useApi(), executionId));
  if (data === undefined) {
    return error === null ? null : <Problem error={error} onRetry={() => void refetch()} shape="bar" />;
  }
  return <p role="status">{reasonOf(language, data.item, (at) => formats.short(at, now))}</p>;
}

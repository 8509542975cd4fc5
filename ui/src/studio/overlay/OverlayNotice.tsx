/** Why the execution of the address is not on the graph. */

import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import type { OverlayState } from "./use-overlay";

export function OverlayNotice({ isOfAnother, error }: Pick<OverlayState, "isOfAnother" | "error">) {
  const { overlay: text } = useText(TEXTS);
  if (isOfAnother) return <Note tone="info">{text.ofAnother}</Note>;
  return error === null || error === undefined ? null : <Problem error={error} shape="bar" />;
}

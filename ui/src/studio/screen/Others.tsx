/** Who else has the workflow open. */

import { useStore } from "zustand";
import { Tag } from "../../kit/Chip";
import { useText } from "../../text/language";
import type { Keeping } from "../document/keeping/keep-open";
import { TEXTS } from "../text";

export function Others({ keeping }: { keeping: Keeping }) {
  const text = useText(TEXTS);
  const others = useStore(keeping.status, (state) => state.others);
  if (others.length === 0) return null;
  // Two tabs of one person are one name.
  const names = [...new Set(others.map(({ name, is_you }) => (is_you ? text.otherTab : name)))];
  return (
    <span role="status" title={text.othersHere(names.join(", "))}>
      <Tag>{names.slice(0, 3).join(", ")}</Tag>
    </span>
  );
}

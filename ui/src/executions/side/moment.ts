/** What the panels beside the graph show: one execution at one of its events, and what is selected there. */

import type { ExecutionItem, ExecutionRow } from "../../api/queries/executions/executions";
import type { LogEntry } from "../../graph/log/entry";
import type { Folded } from "../../graph/log/fold";
import type { Visit } from "../../graph/log/visits";
import type { Outline } from "../../graph/outline";

export interface SideProps {
  row: ExecutionRow;
  item: ExecutionItem;
  outline: Outline;
  entries: readonly LogEntry[];
  folded: Folded;
  /** The selected visit, and its step; a step that was not reached has no visit. */
  visit: Visit | null;
  step: string | null;
  /** The event up to which everything is shown. */
  seq: number;
  /** Whether that is the last one, as it happens. */
  isNow: boolean;
  onVisit: (visit: Visit) => void;
  onChanged: () => void;
}

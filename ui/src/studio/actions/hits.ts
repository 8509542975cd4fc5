/** From one step that has a text to the next. */

import { blockOf } from "../document/blocks";
import { findRows } from "../outline/find";
import { treeRows } from "../outline/tree";
import { toggleFold } from "../screen-state";
import type { Studio } from "../studio";
import type { Viewing } from "./action";

/** Shows the next step that has the text of find, in the order of the outline; without a text, or a hit, find opens. */
export function showHit(studio: Studio, view: Viewing, by: 1 | -1): void {
  const { store, screen } = studio;
  const { searched, focused } = screen.getState();
  const { document, selection } = store.getState();
  const rows = treeRows(document);
  const hits = searched.trim() === "" ? [] : findRows(rows, document, searched);
  if (hits.length === 0) {
    screen.setState({ mode: { kind: "find" } });
    return;
  }
  const order = rows.map(({ step }) => step);
  const here = order.indexOf(focused);
  const isAhead = ({ step }: { step: string }): boolean => (order.indexOf(step) - here) * by > 0;
  const next = by === 1 ? (hits.find(isAhead) ?? hits[0]) : (hits.findLast(isAhead) ?? hits.at(-1));
  if (next === undefined) return;
  unfold(studio, next.step);
  // The JSON alone has no place for the focus: the step is shown in the list of find.
  screen.setState({ mode: view.hasSteps() ? null : { kind: "find" }, focused: next.step, chosen: [] });
  if (selection !== null) store.getState().select(next.step);
  view.showStep(next.step);
}

/** Opens the blocks that hide a step. */
function unfold({ store, screen }: Studio, step: string): void {
  const { document } = store.getState();
  for (const head of screen.getState().folded) {
    if (head !== step && blockOf(document, head)?.members.has(step)) toggleFold(screen, head, false);
  }
}

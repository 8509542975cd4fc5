/** What a person can do with the step that has the focus. Keys, menus, palette and pointer all end here. */

import { asCallError } from "../../api/errors";
import { START } from "../../graph/outline";
import type { JsonObject } from "../../shared/http";
import { addBranch, branchesOf, moveBranch } from "../document/commands/branches";
import { copySteps, duplicateOf, placeAfter, readPasted } from "../document/commands/clipboard";
import { connect } from "../document/commands/connect";
import { extract } from "../document/commands/extract";
import { addStep, insertAt } from "../document/commands/insert";
import { moveBlock } from "../document/commands/move";
import { deleteBlock, deleteStep, type Removal, waysOn } from "../document/commands/remove";
import { refusalOfId, takeRenamed } from "../document/commands/rename";
import { changeType } from "../document/commands/types";
import { type Wrapper, wrap } from "../document/commands/wrap";
import { type Definition, stepById } from "../document/definition";
import { type Refusal, refuse } from "../document/refusals";
import { type Exit, shapeOf } from "../document/shape";
import type { Planned } from "../document/store";
import { askedTry } from "../panels/tries/asked";
import type { Said } from "../screen-state";
import type { Studio } from "../studio";

/** Does what was planned; the place of it gets the focus. Returns whether it was done. */
export function attempt({ store, screen }: Studio, planned: Planned | Removal): boolean {
  if (!store.getState().attempt(planned)) return false;
  const { selection, document } = store.getState();
  const { focused } = screen.getState();
  const kept = stepById(document, focused) === null ? START : focused;
  const opened = "opened" in planned ? planned.opened : [];
  const about = opened.map(({ from, exit }) => `${from} (${exit})`).join(", ");
  screen.setState({
    focused: selection?.step ?? kept,
    mode: null,
    said: about === "" ? null : { kind: "opened", about },
  });
  return true;
}

function outsideOf(ids: readonly string[]): Said | null {
  return ids.length === 0 ? null : { kind: "outside", about: ids.join(", ") };
}

/** Adds a step at an exit; returns whether the document permits it. */
export function add(studio: Studio, exit: Exit, type: string, settings?: JsonObject): boolean {
  return attempt(studio, addStep(studio.store.getState().document, exit, type, settings));
}

/** Opens the list of steps for a place. */
export function chooseType({ store, screen }: Studio, exit: Exit): void {
  if (store.getState().isReadOnly) store.getState().refuse(refuse("read-only"));
  else screen.setState({ mode: { kind: "add", place: exit } });
}

/** Returns where a step is added after another one: its main exit, else its first open one. */
export function placeOf({ store }: Studio, step: string): Exit | null {
  const { document } = store.getState();
  const main = placeAfter(document, step);
  if (main !== null) return main;
  const [exit] = shapeOf(document).outline.steps.get(step)?.exits ?? [];
  return exit === undefined || exit === "error" ? null : { from: step, exit };
}

/** Deletes a step, or asks which of its paths to keep. */
export function remove(studio: Studio, step: string): void {
  const { document } = studio.store.getState();
  const ways = waysOn(document, step);
  if (ways.length > 1) studio.screen.setState({ mode: { kind: "delete", step, ways } });
  else focusBefore(studio, step, deleteStep(document, step));
}

/** Removes a step; what follows its exit `keep` follows the step before it. */
export function removeKeeping(studio: Studio, step: string, keep: string): void {
  focusBefore(studio, step, deleteStep(studio.store.getState().document, step, keep));
}

/** Removes a step with all that only it leads to. */
export function removeBlock(studio: Studio, step: string): void {
  focusBefore(studio, step, deleteBlock(studio.store.getState().document, step));
}

/** Does what takes a step away; the step that led to it gets the focus. */
function focusBefore(studio: Studio, step: string, planned: Removal | Refusal): void {
  const before = shapeOf(studio.store.getState().document).entering.get(step)?.[0]?.from;
  if (attempt(studio, planned) && before !== undefined) studio.screen.setState({ focused: before });
}

/** Moves a step with its block to an exit; returns whether the document permits it. */
export function move(studio: Studio, step: string, exit: Exit): boolean {
  return attempt(studio, moveBlock(studio.store.getState().document, step, exit));
}

/** Leads an exit to a step; returns whether the document permits it. */
export function connectExit(studio: Studio, exit: Exit, to: string): boolean {
  return attempt(studio, connect(studio.store.getState().document, exit, to));
}

/** Adds a copy of a step behind it. */
export function duplicate(studio: Studio, step: string): void {
  const { document } = studio.store.getState();
  const fragment = duplicateOf(document, step);
  const place = placeOf(studio, step);
  if (fragment === null) studio.store.getState().refuse(refuse("start"));
  else if (place === null) studio.store.getState().refuse(refuse("only-at-open-exit"));
  else attempt(studio, insertAt(document, place, fragment, "duplicate"));
}

/** Copies the chosen steps; returns whether the clipboard has them. */
export async function copy(studio: Studio): Promise<boolean> {
  const text = copySteps(studio.store.getState().document, chosenSteps(studio));
  if (text === null) {
    studio.store.getState().refuse(refuse("nothing-selected"));
    return false;
  }
  return (await withClipboard(studio, () => studio.outer.writeClipboard(text).then(() => text))) !== null;
}

/** Copies the chosen steps and removes the block of the focused one; nothing is removed without a copy. */
export async function cut(studio: Studio): Promise<void> {
  const { focused } = studio.screen.getState();
  if (!(await copy(studio))) return;
  attempt(studio, deleteBlock(studio.store.getState().document, focused, "cut"));
}

/** Adds what the clipboard has behind the focused step. */
export async function paste(studio: Studio): Promise<void> {
  const place = placeOf(studio, studio.screen.getState().focused);
  const text = place === null ? null : await withClipboard(studio, studio.outer.readClipboard);
  if (place !== null && text !== null) pasteText(studio, text, place);
}

/** Returns the text that a use of the clipboard gives; null where the browser denies it, which is shown. */
async function withClipboard({ store }: Studio, use: () => Promise<string>): Promise<string | null> {
  try {
    return await use();
  } catch {
    store.getState().refuse(refuse("clipboard-denied"));
    return null;
  }
}

/** Puts what a text has at a place, or says why it cannot be read. */
export function pasteText(studio: Studio, text: string, place: Exit): void {
  const { document } = studio.store.getState();
  const pasted = readPasted(document, text);
  if (pasted.kind === "refused") studio.store.getState().refuse(pasted.refusal);
  else if (pasted.kind === "workflow") void openAsNew(studio, pasted.definition);
  else if (attempt(studio, insertAt(document, place, pasted.fragment, "paste"))) {
    studio.screen.setState({ said: outsideOf(pasted.outside) });
  }
}

/** Stores a definition as a new workflow and opens it, or shows what the server says. */
export async function openAsNew({ store, outer }: Studio, definition: Definition): Promise<void> {
  let workflowId: string;
  try {
    workflowId = await outer.create(definition);
  } catch (error) {
    const { kind, message } = asCallError(error).facts;
    store.getState().refuse(refuse("not-created", kind === "outcome-unknown" ? "" : message));
    return;
  }
  outer.open(workflowId);
}

/** Returns the steps that were chosen together, else the one with the focus. */
export function chosenSteps({ screen }: Studio): readonly string[] {
  const { chosen, focused } = screen.getState();
  return chosen.length > 0 ? chosen : [focused];
}

/** Puts steps that follow each other into a loop or a branch. */
export function wrapChosen(studio: Studio, steps: readonly string[], wrapper: Wrapper): void {
  if (attempt(studio, wrap(studio.store.getState().document, steps, wrapper))) studio.screen.setState({ chosen: [] });
}

/** Makes a workflow of steps, and puts a call of it in their place. */
export async function extractChosen(studio: Studio, steps: readonly string[]): Promise<void> {
  const { store, screen, outer } = studio;
  const { document } = store.getState();
  const found = extract(document, steps);
  if ("why" in found) {
    store.getState().refuse(found);
    return;
  }
  const workflowId = await outer.create(found.definition);
  // What was edited in the same time is not lost: the place of the steps is found in the document as it is then.
  const now = extract(store.getState().document, steps);
  const isDone = "why" in now ? attempt(studio, now) : attempt(studio, now.replace(workflowId));
  if (isDone) screen.setState({ chosen: [], said: outsideOf(found.outside) });
}

/** How often the server is asked, where the document changes while it renames. */
const MOST_RENAMES = 3;

/** Renames by the server. A change in between is kept: the server is asked again, with the document as it is then.
 *
 * Returns whether the step has the new id; shows why where it has not. Rejects with a `CallError`.
 */
export async function rename(studio: Studio, from: string, to: string): Promise<boolean> {
  const { store, screen, outer } = studio;
  if (from === to) return true;
  for (let asked = 0; asked < MOST_RENAMES; asked += 1) {
    const { document } = store.getState();
    const refusal = refusalOfId(document, from, to);
    if (refusal !== null) return attempt(studio, refusal);
    const renamed = await outer.rename(document, from, to);
    if (store.getState().document !== document) continue;
    const isDone = attempt(studio, takeRenamed(document, renamed, to));
    if (isDone) screen.setState({ focused: to });
    return isDone;
  }
  return attempt(studio, refuse("edited-since", to));
}

/** Gives a step another type; `fits` says which settings remain. */
export function retype(studio: Studio, step: string, type: string, fits: (name: string) => boolean): void {
  attempt(studio, changeType(studio.store.getState().document, step, type, fits));
}

/** Opens what tries a step, and tries it without a real call. */
export function tryStep({ store }: Studio, step: string): void {
  store.getState().select(step);
  askedTry(store).setState({ step });
}

/** Adds a branch to a step. */
export function addBranchTo(studio: Studio, step: string): void {
  attempt(studio, addBranch(studio.store.getState().document, step));
}

/** Moves the branch in which a step lies by one place. */
export function shiftBranch(studio: Studio, step: string, by: number): void {
  const { document } = studio.store.getState();
  const shape = shapeOf(document);
  const edge = shape.entering.get(step)?.find(({ from }) => {
    const owner = stepById(document, from);
    return owner !== null && branchesOf(owner) !== null;
  });
  if (edge === undefined) studio.store.getState().refuse(refuse("no-exit"));
  else if (attempt(studio, moveBranch(document, edge.from, edge.branch ?? "next", by)))
    studio.screen.setState({ focused: step });
}

/** Puts a branch in the place of another one of its step. */
export function placeBranch(
  studio: Studio,
  step: string,
  branch: string,
  onto: { step: string; branch: string },
): void {
  const { document, refuse: show } = studio.store.getState();
  const owner = stepById(document, step);
  const ids = owner === null || onto.step !== step ? [] : (branchesOf(owner) ?? []);
  const [from, to] = [ids.indexOf(branch), ids.indexOf(onto.branch)];
  if (from === -1 || to === -1) show(refuse("no-exit", branch));
  else attempt(studio, moveBranch(document, step, branch, to - from));
}

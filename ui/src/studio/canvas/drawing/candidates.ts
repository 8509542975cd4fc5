/** The places or steps among which a person chooses by the arrows while something is moved or connected. */

import { blockOf } from "../../document/blocks";
import { targetsOf } from "../../document/commands/connect";
import { mayMoveTo } from "../../document/commands/move";
import type { Definition } from "../../document/definition";
import { type Exit, shapeOf, targetOf } from "../../document/shape";
import type { Mode } from "../../screen-state";
import { type Drawn, exitKey } from "./drawn";
import { plusesOf } from "./places";
import { readingOrder } from "./walk";

export interface Candidates {
  places: readonly Exit[];
  steps: readonly string[];
}

const NONE: Candidates = { places: [], steps: [] };

/** Returns what may be chosen in a mode, in reading order. */
export function candidatesOf(document: Definition, drawn: Drawn, mode: Mode | null): Candidates {
  if (mode?.kind === "move") {
    const members = blockOf(document, mode.step)?.members ?? new Set();
    const shape = shapeOf(document);
    const pluses = plusesOf(drawn).filter(({ exit }) => mayMoveTo(members, exit, targetOf(shape, exit), mode.step));
    return { places: unique(pluses.map(({ exit }) => exit)), steps: [] };
  }
  if (mode?.kind === "connect") {
    const allowed = new Set(targetsOf(document, mode.exit));
    const ids = readingOrder(drawn).map(({ step }) => step);
    // Steps below come first: most exits lead on, few lead back.
    const after = ids.indexOf(mode.exit.from) + 1;
    return { places: [], steps: [...ids.slice(after), ...ids.slice(0, after)].filter((id) => allowed.has(id)) };
  }
  return NONE;
}

function unique(exits: readonly Exit[]): Exit[] {
  return [...new Map(exits.map((exit) => [exitKey(exit), exit])).values()];
}

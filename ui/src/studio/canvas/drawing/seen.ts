/** Whether a part of the graph is on the screen, or near it. */

import type { Point } from "../../../graph/routes";
import type { View } from "../use-view";

const MARGIN = 400;

/** Returns whether a point is in the view or close to it. */
export function isSeen(point: Point, view: View): boolean {
  return isWaySeen([point], view);
}

/** Returns whether a way may cross the view, or come close to it: its corners may all lie outside. */
export function isWaySeen(points: readonly Point[], { left, top, width, height }: View): boolean {
  const [right, bottom] = [left + width + MARGIN, top + height + MARGIN];
  const lies = (from: number, to: number, of: (point: Point) => number): boolean =>
    points.some((point) => of(point) > from) && points.some((point) => of(point) < to);
  return lies(left - MARGIN, right, ({ x }) => x) && lies(top - MARGIN, bottom, ({ y }) => y);
}

/** Returns the parts that are drawn of a graph that has just changed: those that are seen as they are now, all others as they
 * were until they are drawn in a second step, so that a person never waits for what is not on the screen. */
export function drawnFirst<Part>(
  now: readonly Part[],
  before: readonly Part[],
  keyOf: (part: Part) => string,
  isHere: (part: Part) => boolean,
): readonly Part[] {
  if (now === before) return now;
  const known = new Map(before.map((part) => [keyOf(part), part]));
  return now.flatMap((part) => {
    if (isHere(part)) return [part];
    const former = known.get(keyOf(part));
    if (former === undefined) return [];
    return [isHere(former) ? part : former];
  });
}

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

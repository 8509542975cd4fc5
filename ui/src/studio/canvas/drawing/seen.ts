/** Whether a point of the graph is on the screen, or near it. */

import type { Point } from "../../../graph/routes";
import type { View } from "../use-view";

const MARGIN = 400;

/** Returns whether a point is in the view or close to it. */
export function isSeen({ x, y }: Point, view: View): boolean {
  const isWide = x > view.left - MARGIN && x < view.left + view.width + MARGIN;
  return isWide && y > view.top - MARGIN && y < view.top + view.height + MARGIN;
}

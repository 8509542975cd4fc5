/** The measures of a drawn graph, in px. Every node has the same size, so that a layout never waits for the page. */

export const NODE = { width: 240, height: 56 } as const;
/** Between lanes side by side. */
export const LANE_GAP = 24;
/** Below a row without exits by name, and below one with them. */
export const GAP = { linear: 36, branching: 88 } as const;
/** From a step to the line at which its exits part, and from there to the middle of their names. */
export const BUS = 16;
export const LABEL = 20;
/** From the line at which ways meet to the step below. */
export const MERGE = 18;
/** A branch or body is drawn as a box around its steps. */
export const BOX = { header: 32, padding: 16, gap: 20 } as const;
/** Rails lie beside the steps of a region and carry the edges that fit into no lane. */
export const RAIL = { first: 28, step: 14 } as const;
/** Steps that nothing reaches lie in a tray at the left. */
export const TRAY_GAP = 64;
export const CORNER = 8;

/** Returns the width that a name of an exit may need; names are drawn at 12 px. */
export function labelWidth(text: string): number {
  return Math.max(48, Math.ceil(text.length * 7) + 24);
}

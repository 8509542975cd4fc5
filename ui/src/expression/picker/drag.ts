/** A value that is dragged from the data tree onto a field. */

import type { DragEvent } from "react";

const PATH_TYPE = "application/x-looply-path";

/** Gives a drag the path; other windows get it as an expression. */
export function startPathDrag({ dataTransfer }: DragEvent, path: string): void {
  dataTransfer.setData(PATH_TYPE, path);
  dataTransfer.setData("text/plain", `\${${path}}`);
  dataTransfer.effectAllowed = "copy";
}

/** Returns whether a path is dragged. */
export function isPathDrag({ dataTransfer }: DragEvent): boolean {
  return dataTransfer.types.includes(PATH_TYPE);
}

/** Returns the path that was dropped, null for anything else. */
export function droppedPath({ dataTransfer }: DragEvent): string | null {
  return dataTransfer.getData(PATH_TYPE) || null;
}

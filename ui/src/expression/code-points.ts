/** Positions in texts: the API counts characters (code points), the browser UTF-16 units. They differ for `𝄞`. */

import type { Span } from "../shared/expressions";

/** Returns the position in UTF-16 units of a position in code points; one beyond the text is its end. */
export function toUnits(text: string, codePoints: number): number {
  let units = 0;
  for (let passed = 0; passed < codePoints && units < text.length; passed += 1) units += widthAt(text, units);
  return units;
}

/** Returns the position in code points of a position in UTF-16 units; one within a character is that character's. */
export function toCodePoints(text: string, units: number): number {
  let codePoints = 0;
  for (let at = 0; at < text.length; codePoints += 1) {
    at += widthAt(text, at);
    if (at > units) break;
  }
  return codePoints;
}

/** Returns the part that begins at a position and has a length, both in code points; of unknown length it is empty. */
export function spanOf(text: string, position: number, length: number | null): Span {
  const from = toUnits(text, position);
  return { from, to: from + toUnits(text.slice(from), length ?? 0) };
}

function widthAt(text: string, units: number): number {
  return (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
}

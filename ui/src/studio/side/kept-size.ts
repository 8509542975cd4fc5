/** The sizes that a person has given to parts of screens. Kept in the browser: they fit its window. */

import { useRef, useState } from "react";

type Keep = Pick<Storage, "getItem" | "setItem">;

/** In px. */
export interface Bounds {
  least: number;
  usual: number;
  most: number;
}

/** Returns a size as it was when it was kept last, what changes it, and what keeps it. */
export function useKeptSize(
  name: string,
  bounds: Bounds,
  keep: Keep = localStorage,
): { size: number; change: (size: number) => void; keepSize: () => void } {
  const [size, setSize] = useState(() => boundSize(read(keep, name), bounds));
  // What was changed last counts, also before it is drawn.
  const newest = useRef(size);
  return {
    size,
    change: (next) => {
      newest.current = boundSize(next, bounds);
      setSize(newest.current);
    },
    keepSize: () => write(keep, name, newest.current),
  };
}

/** Returns the nearest size that is permitted; the usual one for what is no number. */
export function boundSize(size: number, { least, usual, most }: Bounds): number {
  return Number.isFinite(size) ? Math.min(most, Math.max(least, Math.round(size))) : usual;
}

const keyOf = (name: string): string => `looply.size.${name}`;

function read(keep: Keep, name: string): number {
  try {
    return Number.parseInt(keep.getItem(keyOf(name)) ?? "", 10);
  } catch {
    return Number.NaN;
  }
}

function write(keep: Keep, name: string, size: number): void {
  try {
    keep.setItem(keyOf(name), String(size));
  } catch {
    // A browser that keeps nothing has the usual size at its next visit.
  }
}

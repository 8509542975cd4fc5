/** The moment that is shown. The address has it, but not each of those that the slider passes. */

import { useCallback, useEffect, useState } from "react";
import { useExecutionSearch } from "./use-search";

/** A slider that moves would change the address more often than browsers let it be changed, and wait for it each time. */
const REST_MS = 150;

interface Moment {
  /** The event up to which everything is shown; undefined: now. */
  seq: number | undefined;
  /** Shows a moment at once; the address has it when no other one follows. */
  slide: (seq: number | undefined) => void;
  /** Shows a moment at once, and says so in the address. */
  choose: (seq: number | undefined) => void;
}

export function useMoment(): Moment {
  const [{ seq: addressed }, change] = useExecutionSearch();
  // `from` is what the address had: when it has something else, the slider is not the last who was asked.
  const [slid, setSlid] = useState<{ to: number | undefined; from: number | undefined } | null>(null);
  if (slid !== null && slid.from !== addressed) setSlid(null);
  const seq = slid !== null && slid.from === addressed ? slid.to : addressed;
  useEffect(() => {
    if (seq === addressed) return;
    const timer = setTimeout(() => change({ seq }), REST_MS);
    return () => clearTimeout(timer);
  }, [seq, addressed, change]);
  const slide = useCallback((to: number | undefined) => setSlid({ to, from: addressed }), [addressed]);
  const choose = useCallback(
    (to: number | undefined) => {
      slide(to);
      change({ seq: to });
    },
    [slide, change],
  );
  return { seq, slide, choose };
}

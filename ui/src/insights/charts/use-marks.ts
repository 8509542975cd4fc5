/** The marks of a chart by keys: one of them is a stop of the tab key, the arrows lead to the others. */

import { type KeyboardEvent, type RefObject, useState } from "react";

const MOVES: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: (_, count) => count - 1,
};

export function useMarks(chart: RefObject<SVGSVGElement | null>, count: number) {
  const [at, setAt] = useState<number | null>(null);
  const current = Math.min(at ?? count - 1, count - 1);
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = MOVES[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(count - 1, move(current, count)));
    setAt(next);
    chart.current?.querySelectorAll<SVGElement>("[data-mark]")[next]?.focus();
  };
  return { current, show: setAt, onKeyDown };
}

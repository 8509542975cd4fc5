/** Timers whose time passes by hand. */

import type { Timers } from "../../src/editing/keeping/timers";

export function handTimers(): Timers & { pass: (millis: number) => void } {
  let now = 1_000_000;
  let waiting: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    after: (millis, run) => {
      const timer = { at: now + millis, run };
      waiting.push(timer);
      return () => {
        waiting = waiting.filter((each) => each !== timer);
      };
    },
    pass: (millis) => {
      now += millis;
      const due = waiting.filter(({ at }) => at <= now).toSorted((a, b) => a.at - b.at);
      waiting = waiting.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}

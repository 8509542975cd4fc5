/** Time as the parts that keep a document need it; tests let it pass by hand. */

export interface Timers {
  /** Epoch milliseconds. */
  now: () => number;
  /** Runs something once after some milliseconds, unless the returned function is called first. */
  after: (millis: number, run: () => void) => () => void;
}

export const BROWSER_TIMERS: Timers = {
  now: () => Date.now(),
  after: (millis, run) => {
    const timer = setTimeout(run, millis);
    return () => clearTimeout(timer);
  },
};

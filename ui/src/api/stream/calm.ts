/** What is asked for often runs at once, and then no more often than after each pause. */

export interface Calm {
  /** Runs now, or, within the pause after the last run, at its end. */
  ask: () => void;
  /** Nothing runs any more that was asked for. */
  stop: () => void;
}

/** Returns what runs `run` in this way; `after` calls its argument when the pause is over. */
export function calm(run: () => void, after: (work: () => void) => () => void): Calm {
  let cancel: (() => void) | null = null;
  let isAsked = false;
  const begin = (): void => {
    isAsked = false;
    cancel = after(() => {
      cancel = null;
      if (isAsked) begin();
    });
    run();
  };
  return {
    ask: () => {
      if (cancel === null) begin();
      else isAsked = true;
    },
    stop: () => {
      cancel?.();
      cancel = null;
      isAsked = false;
    },
  };
}

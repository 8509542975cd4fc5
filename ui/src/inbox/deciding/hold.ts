/** Decisions that were made by a key are held back for a while before they are sent, so that a slip can be taken back. */

/** How long a decision can be taken back, in milliseconds. */
export const HOLD_MS = 5_000;

/** Runs something after milliseconds, unless the returned function is called before. */
export type Timer = (run: () => void, after: number) => () => void;

export interface Hold<Decision> {
  /** The decision that can be taken back. The same object until it changes. */
  held: () => Decision | null;
  /** Holds a decision. One that is held before it is sent at once. */
  hold: (decision: Decision) => void;
  /** Takes the held decision back, which is then never sent; null when none is held. */
  undo: () => Decision | null;
  /** Sends what is held at once. Resolves when all that was sent is answered, to whether all of it was recorded. */
  flush: () => Promise<boolean>;
  subscribe: (onChange: () => void) => () => void;
}

/** Returns what holds one decision at a time. `send` is called once for each that is not taken back, and never rejects. */
export function createHold<Decision>(
  send: (decision: Decision) => Promise<boolean>,
  timer: Timer = startTimer,
): Hold<Decision> {
  const sent = new Set<Promise<boolean>>();
  const followers = new Set<() => void>();
  let held: Decision | null = null;
  let stop = (): void => undefined;
  const set = (next: Decision | null): Decision | null => {
    const before = held;
    stop();
    held = next;
    stop = next === null ? () => undefined : timer(release, HOLD_MS);
    for (const follower of followers) follower();
    return before;
  };
  const dispatch = (decision: Decision): void => {
    const answer = send(decision);
    sent.add(answer);
    void answer.then(() => sent.delete(answer));
  };
  const release = (): void => {
    const decision = held;
    if (decision === null) return;
    // What is sent is on its way before anything that follows the change.
    dispatch(decision);
    set(null);
  };
  return {
    held: () => held,
    hold: (decision) => {
      release();
      set(decision);
    },
    undo: () => (held === null ? null : set(null)),
    flush: async () => {
      release();
      return (await Promise.all(sent)).every((isRecorded) => isRecorded);
    },
    subscribe: (onChange) => {
      followers.add(onChange);
      return () => followers.delete(onChange);
    },
  };
}

const startTimer: Timer = (run, after) => {
  const id = setTimeout(run, after);
  return () => clearTimeout(id);
};

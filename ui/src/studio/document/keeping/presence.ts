/** Who else has the same workflow open: asked every 20 seconds, and said when it is left. */

import type { Timers } from "../../../editing/keeping/timers";

export const PRESENCE_MS = 20_000;

export interface Other {
  name: string;
  /** The same person in another tab. */
  is_you: boolean;
  /** Epoch milliseconds. */
  since: number;
  version: number | null;
  is_dirty: boolean;
  step: string;
}

export interface Here {
  is_dirty: boolean;
  step: string;
  is_leaving: boolean;
}

interface Setup {
  timers: Timers;
  touch: (here: Here) => Promise<readonly Other[]>;
  here: () => Omit<Here, "is_leaving">;
  onOthers: (others: readonly Other[]) => void;
}

/** Says that a person is here until the returned function is called. A call that fails is tried at the next time. */
export function keepPresent({ timers, touch, here, onOthers }: Setup): () => void {
  let isOver = false;
  let cancel = (): void => undefined;
  const beat = async (): Promise<void> => {
    try {
      const others = await touch({ ...here(), is_leaving: false });
      if (!isOver) onOthers(others);
    } catch {
      // Presence is a courtesy: without it everything else works.
    }
    if (!isOver) cancel = timers.after(PRESENCE_MS, () => void beat());
  };
  void beat();
  return () => {
    isOver = true;
    cancel();
    touch({ ...here(), is_leaving: true }).catch(() => undefined);
  };
}

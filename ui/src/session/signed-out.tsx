/** Whether a call found that the session has ended. Then a dialog asks to sign in again, over the screen as it is. */

import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";

/** A flag that components follow and that the cache of answers sets. */
export interface Flag {
  get: () => boolean;
  set: (isUp: boolean) => void;
  subscribe: (onChange: () => void) => () => void;
}

/** Returns a flag that is down, and notifies its followers of each change. */
export function createFlag(): Flag {
  let isUp = false;
  const followers = new Set<() => void>();
  return {
    get: () => isUp,
    set: (next) => {
      if (next === isUp) return;
      isUp = next;
      for (const follower of followers) follower();
    },
    subscribe: (onChange) => {
      followers.add(onChange);
      return () => followers.delete(onChange);
    },
  };
}

const FlagContext = createContext<Flag | null>(null);

/** Gives all below it the flag that is up while the session has ended. */
export function SignedOutProvider({ flag, children }: { flag: Flag; children: ReactNode }) {
  return <FlagContext value={flag}>{children}</FlagContext>;
}

/** Returns the flag itself. Throws without a `SignedOutProvider` above. */
export function useSignedOutFlag(): Flag {
  const flag = useContext(FlagContext);
  if (flag === null) throw new Error("useSignedOutFlag needs a SignedOutProvider above");
  return flag;
}

/** Returns whether the session has ended. */
export function useIsSignedOut(): boolean {
  const flag = useSignedOutFlag();
  return useSyncExternalStore(flag.subscribe, flag.get);
}

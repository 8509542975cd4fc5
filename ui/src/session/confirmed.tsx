/** Dangerous acts: where the server asks for the password again, a dialog takes it, and the act is repeated. */

import { createContext, lazy, type ReactNode, Suspense, useCallback, useContext, useState } from "react";
import { asCallError } from "../api/errors";

const ConfirmDialog = lazy(async () => ({ default: (await import("./ConfirmDialog")).ConfirmDialog }));

/** Does an act, again after the password where the server asks for it. Throws what the act throws. */
export type Confirmed = <Result>(act: () => Promise<Result>) => Promise<Result>;

const ConfirmedContext = createContext<Confirmed | null>(null);

/** Returns what makes a call again after the password was confirmed. Throws without a `ConfirmedProvider` above. */
export function useConfirmed(): Confirmed {
  const confirmed = useContext(ConfirmedContext);
  if (confirmed === null) throw new Error("useConfirmed needs a ConfirmedProvider above");
  return confirmed;
}

/** Asks for the password when a call below it needs it. */
export function ConfirmedProvider({ children }: { children: ReactNode }) {
  const [settle, setSettle] = useState<{ with: (isConfirmed: boolean) => void } | null>(null);
  const confirmed: Confirmed = useCallback(async (act) => {
    try {
      return await act();
    } catch (error) {
      if (asCallError(error).code !== "CONFIRM_REQUIRED") throw error;
      const isConfirmed = await new Promise<boolean>((resolve) => setSettle({ with: resolve }));
      setSettle(null);
      if (!isConfirmed) throw error;
      return act();
    }
  }, []);
  return (
    <ConfirmedContext value={confirmed}>
      {children}
      <Suspense>{settle !== null && <ConfirmDialog onSettled={settle.with} />}</Suspense>
    </ConfirmedContext>
  );
}

/** Dangerous acts: where the server asks for the password again, a dialog takes it, and the act is repeated. */

import { useMutation } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { createContext, type ReactNode, useCallback, useContext, useState } from "react";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";
import { Confirm } from "../kit/Confirm";
import { useText } from "../text/language";
import { PasswordField } from "./PasswordField";
import { useSession, useTakeSession } from "./session";
import { TEXTS } from "./text";
import { startOf } from "./ways";

/** Does an act, again after the password where the server asks for it. Throws what the act throws. */
export type Confirmed = <Result>(act: () => Promise<Result>) => Promise<Result>;

const ConfirmedContext = createContext<Confirmed | null>(null);

export function useConfirmed(): Confirmed {
  const confirmed = useContext(ConfirmedContext);
  if (confirmed === null) throw new Error("useConfirmed needs a ConfirmedProvider above");
  return confirmed;
}

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
      {settle !== null && <Asking onSettled={settle.with} />}
    </ConfirmedContext>
  );
}

function Asking({ onSettled }: { onSettled: (isConfirmed: boolean) => void }) {
  const text = useText(TEXTS);
  const api = useApi();
  const { user, session_means, sign_in } = useSession();
  const takeSession = useTakeSession();
  const { pathname, searchStr } = useLocation();
  const [password, setPassword] = useState("");
  const confirm = useMutation({
    mutationFn: () => api.call("confirmSession", { password }),
    onSuccess: (session) => {
      takeSession(session);
      onSettled(true);
    },
  });
  // Sign-in counts as a confirmation, so that a person without a password signs in once more.
  const provider = user.has_password ? undefined : sign_in.providers.find(({ id }) => id === session_means);
  return (
    <Confirm
      title={text.confirmTitle}
      verb={provider ? text.with(provider.label) : text.confirm}
      isBusy={confirm.isPending || !(user.has_password || provider)}
      error={confirm.error}
      words={{ SIGN_IN_REFUSED: text.wrongPassword }}
      onConfirm={() => {
        if (provider) window.location.assign(startOf(provider.id, `${pathname}${searchStr}`));
        else if (password !== "") confirm.mutate();
      }}
      onClose={() => onSettled(false)}
    >
      <p>{user.has_password ? text.confirmHint : text.confirmByProvider}</p>
      {user.has_password && (
        <PasswordField label={text.password} value={password} onChange={setPassword} autoComplete="current-password" />
      )}
    </Confirm>
  );
}

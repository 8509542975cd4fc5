/** Asks for the password before a dangerous act, or leads to the provider by which the person has signed in. */

import { useMutation } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../api/context";
import { Confirm } from "../kit/Confirm";
import { useText } from "../text/language";
import { PasswordField } from "./PasswordField";
import { useSession, useTakeSession } from "./session";
import { TEXTS } from "./text";
import { startOf } from "./ways";

export function ConfirmDialog({ onSettled }: { onSettled: (isConfirmed: boolean) => void }) {
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

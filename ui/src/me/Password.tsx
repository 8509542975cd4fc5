import { Button } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useApi } from "../api/context";
import { Note } from "../kit/Note";
import { Section } from "../kit/Page";
import { Problem } from "../kit/states/Problem";
import { PasswordField } from "../session/PasswordField";
import { useSession, useTakeSession } from "../session/session";
import { useText } from "../text/language";
import styles from "./me.module.css";
import { TEXTS } from "./text";

/** Changes the password of the person who is signed in. */
export function Password() {
  const text = useText(TEXTS);
  const { user } = useSession();
  return (
    <Section title={text.password} hint={user.has_password ? text.passwordHint : text.noPassword}>
      {user.has_password && <ChangeForm />}
    </Section>
  );
}

function ChangeForm() {
  const text = useText(TEXTS);
  const api = useApi();
  const takeSession = useTakeSession();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => api.call("changePassword", { old, new: next }),
    onSuccess: (session) => {
      takeSession(session);
      setOld("");
      setNext("");
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (old !== "" && next !== "") change.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <PasswordField label={text.oldPassword} value={old} onChange={setOld} autoComplete="current-password" />
      <PasswordField
        label={text.newPassword}
        value={next}
        onChange={setNext}
        autoComplete="new-password"
        hint={text.newPasswordHint}
      />
      {change.error && <Problem error={change.error} words={text.words} shape="bar" />}
      {change.isSuccess && <Note>{text.passwordChanged}</Note>}
      <div>
        <Button type="submit" disabled={change.isPending}>
          {text.changePassword}
        </Button>
      </div>
    </form>
  );
}

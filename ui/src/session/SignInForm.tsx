/** Sign-in by password or by a provider. The page of sign-in has it, and the dialog over a screen. */

import { Button, Field, Input, Link } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";
import { Problem } from "../kit/states/Problem";
import { useText } from "../text/language";
import { EmailField } from "./EmailField";
import { PasswordField } from "./PasswordField";
import styles from "./SignInForm.module.css";
import type { Session } from "./session";
import { TEXTS } from "./text";
import { WaysIn } from "./WaysIn";
import type { Ways } from "./ways";

interface SignInFormProps {
  ways: Ways;
  /** The path of the app to which a provider returns. */
  target: string;
  onSignedIn: (session: Session) => void;
  /** The address, where it is known. */
  email?: string;
  forgotten?: ReactNode;
}

export function SignInForm({ ways, target, onSignedIn, email = "", forgotten }: SignInFormProps) {
  return (
    <WaysIn ways={ways} target={target}>
      <PasswordForm email={email} onSignedIn={onSignedIn} forgotten={forgotten} />
    </WaysIn>
  );
}

function PasswordForm({ email: known, onSignedIn, forgotten }: PasswordFormProps) {
  const text = useText(TEXTS);
  const api = useApi();
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | null>(null);
  const signIn = useMutation({
    mutationFn: () => api.call("signIn", { email, password, ...(code ? { code: code.replaceAll(" ", "") } : {}) }),
    onSuccess: onSignedIn,
    onError: (error) => asCallError(error).code === "CODE_REQUIRED" && setCode((before) => before ?? ""),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (email !== "" && password !== "") signIn.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <EmailField value={email} onChange={setEmail} />
      <PasswordField
        label={text.password}
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        aside={<div className={styles.forgotten}>{forgotten}</div>}
      />
      <CodeField code={code} onChange={setCode} />
      {signIn.error && <Problem error={signIn.error} words={text.words} shape="bar" />}
      <Button type="submit" appearance="primary" size="large" disabled={signIn.isPending}>
        {signIn.isPending ? text.signingIn : text.signIn}
      </Button>
    </form>
  );
}

interface PasswordFormProps {
  email: string;
  onSignedIn: (session: Session) => void;
  forgotten: ReactNode;
}

/** The code of a second factor, for accounts that have one. */
export function CodeField({ code, onChange }: { code: string | null; onChange: (code: string) => void }) {
  const text = useText(TEXTS);
  if (code === null) {
    return (
      <Link as="button" type="button" onClick={() => onChange("")}>
        {text.haveCode}
      </Link>
    );
  }
  return (
    <Field label={text.code} hint={text.codeHint}>
      <Input
        size="large"
        inputMode="numeric"
        autoComplete="one-time-code"
        value={code}
        onChange={(_, { value }) => onChange(value)}
      />
    </Field>
  );
}

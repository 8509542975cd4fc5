/** The pages that need no session: sign-in, an invitation, a forgotten password and its new one. */

import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";
import { sessionQuery } from "../api/queries/session";
import { Icon } from "../kit/icons";
import { Loading } from "../kit/Loading";
import { Problem } from "../kit/Problem";
import { PasswordField } from "../session/PasswordField";
import { SignInForm } from "../session/SignInForm";
import { useTakeSession } from "../session/session";
import { TEXTS as SESSION } from "../session/text";
import { targetOf, waysOf } from "../session/ways";
import { useText } from "../text/language";
import { Frame } from "./Frame";
import styles from "./Frame.module.css";
import { TEXTS } from "./text";

const LEAST_CHARACTERS = 12;

export function SignInPage() {
  const text = useText(TEXTS);
  const { to } = useSearch({ strict: false });
  const { data, error, refetch } = useQuery(sessionQuery(useApi()));
  const takeSession = useTakeSession();
  const navigate = useNavigate();
  const target = targetOf(to);
  const isSignedIn = data !== undefined && error === null;
  useEffect(() => {
    if (isSignedIn) void navigate({ href: target, replace: true });
  }, [isSignedIn, navigate, target]);
  if (error === null) return <Loading />;
  const found = asCallError(error);
  const ways = waysOf(found);
  return (
    <Frame title={text.signInTo}>
      {found.kind === "signed-out" ? (
        <SignInForm
          ways={ways}
          target={target}
          onSignedIn={takeSession}
          forgotten={<Link to="/forgotten">{text.forgotten}</Link>}
        />
      ) : (
        <Problem error={found} onRetry={() => void refetch()} shape="bar" />
      )}
      {!ways.local && ways.providers.length === 0 && <p>{text.noWay}</p>}
      <p className={styles.small}>{text.onlyLink}</p>
    </Frame>
  );
}

export function ForgottenPage() {
  const text = useText(TEXTS);
  const labels = useText(SESSION);
  const api = useApi();
  const [email, setEmail] = useState("");
  const request = useMutation({ mutationFn: () => api.call("requestReset", { email }) });
  return (
    <Frame title={text.forgottenTitle} hint={text.forgottenHint}>
      {request.isSuccess ? (
        <Done>{text.forgottenSent}</Done>
      ) : (
        <Form onSubmit={() => email !== "" && request.mutate()}>
          <Field label={labels.email} required>
            <Input
              type="email"
              size="large"
              autoComplete="username"
              value={email}
              onChange={(_, { value }) => setEmail(value)}
            />
          </Field>
          {request.error && <Problem error={request.error} shape="bar" />}
          <Button type="submit" appearance="primary" size="large" disabled={request.isPending}>
            {text.forgottenSend}
          </Button>
        </Form>
      )}
      <Link to="/sign-in">{text.backToSignIn}</Link>
    </Frame>
  );
}

export function ResetPage() {
  const text = useText(TEXTS);
  const api = useApi();
  const { token = "" } = useParams({ strict: false });
  const [password, setPassword] = useState("");
  const reset = useMutation({ mutationFn: () => api.call("resetPassword", { token, password }) });
  if (reset.isSuccess) {
    return (
      <Frame title={text.resetTitle}>
        <Done>{text.resetDone}</Done>
        <Link to="/sign-in">{text.backToSignIn}</Link>
      </Frame>
    );
  }
  return (
    <Frame title={text.resetTitle} hint={text.resetHint}>
      <Form onSubmit={() => isLongEnough(password) && reset.mutate()}>
        <NewPassword value={password} onChange={setPassword} />
        {reset.error && <Problem error={reset.error} words={text.words} shape="bar" />}
        <Button type="submit" appearance="primary" size="large" disabled={reset.isPending}>
          {text.resetSave}
        </Button>
      </Form>
    </Frame>
  );
}

export function InvitationPage() {
  const text = useText(TEXTS);
  const api = useApi();
  const navigate = useNavigate();
  const takeSession = useTakeSession();
  const { token = "" } = useParams({ strict: false });
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const accept = useMutation({
    mutationFn: () => api.call("acceptInvitation", { token, name, password }),
    onSuccess: async (session) => {
      takeSession(session);
      await navigate({ to: "/" });
    },
  });
  return (
    <Frame title={text.invitationTitle} hint={text.invitationHint}>
      <Form onSubmit={() => name.trim() !== "" && isLongEnough(password) && accept.mutate()}>
        <Field label={text.name} required>
          <Input size="large" autoComplete="name" value={name} onChange={(_, { value }) => setName(value)} />
        </Field>
        <NewPassword value={password} onChange={setPassword} />
        {accept.error && <Problem error={accept.error} words={text.words} shape="bar" />}
        <Button type="submit" appearance="primary" size="large" disabled={accept.isPending}>
          {text.accept}
        </Button>
      </Form>
    </Frame>
  );
}

function NewPassword({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const text = useText(TEXTS);
  const missing = LEAST_CHARACTERS - [...value].length;
  return (
    <PasswordField
      label={text.newPassword}
      value={value}
      onChange={onChange}
      autoComplete="new-password"
      hint={value !== "" && missing > 0 ? text.tooShort(missing) : text.passwordHint}
    />
  );
}

function Form({ onSubmit, children }: { onSubmit: () => void; children: ReactNode }) {
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className={styles.fields} onSubmit={submit} noValidate>
      {children}
    </form>
  );
}

function Done({ children }: { children: string }) {
  return (
    <p className={styles.done} role="status">
      <Icon name="done" size={16} />
      {children}
    </p>
  );
}

function isLongEnough(password: string): boolean {
  return [...password].length >= LEAST_CHARACTERS;
}

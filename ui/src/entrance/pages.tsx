/** The pages that need no session: sign-in, an invitation, a forgotten password and its new one. */

import { Button } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";
import { invitationQuery, resetQuery } from "../api/queries/entrance/links";
import { sessionQuery } from "../api/queries/session/session";
import { Note } from "../kit/Note";
import { Loading } from "../kit/states/Loading";
import { Problem } from "../kit/states/Problem";
import { EmailField } from "../session/EmailField";
import { SignInForm } from "../session/SignInForm";
import { useTakeSession } from "../session/session";
import { targetOf, waysOf } from "../session/ways";
import { useText } from "../text/language";
import { Form, isLongEnough, NewPassword } from "./Form";
import { Frame } from "./Frame";
import styles from "./Frame.module.css";
import { InvitationForm } from "./InvitationForm";
import { TEXTS } from "./text";

/** Signs a person in and leads to where they came from. */
export function SignInPage() {
  const text = useText(TEXTS);
  const { to, error: failure } = useSearch({ from: "/sign-in" });
  const { data, error, refetch } = useQuery(sessionQuery(useApi()));
  const takeSession = useTakeSession();
  const navigate = useNavigate();
  const target = targetOf(to);
  // A failed confirmation at a provider leaves the session as it is; its reason is read first.
  const isSignedIn = data !== undefined && error === null && failure === undefined;
  useEffect(() => {
    if (isSignedIn) void navigate({ href: target, replace: true });
  }, [isSignedIn, navigate, target]);
  if (isSignedIn || (data === undefined && error === null)) return <Loading />;
  if (error === null) return <FailedConfirmation code={failure ?? ""} target={target} />;
  const found = asCallError(error);
  const ways = waysOf(found);
  return (
    <Frame title={text.signInTo}>
      {failure !== undefined && <Note tone="warning">{text.failure(failure)}</Note>}
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

function FailedConfirmation({ code, target }: { code: string; target: string }) {
  const text = useText(TEXTS);
  return (
    <Frame title={text.signInTo}>
      <Note tone="warning">{text.failure(code)}</Note>
      <Link to={target}>{text.backToApp}</Link>
    </Frame>
  );
}

/** Requests a link to reset a password. */
export function ForgottenPage() {
  const text = useText(TEXTS);
  const api = useApi();
  const [email, setEmail] = useState("");
  const request = useMutation({ mutationFn: () => api.call("requestReset", { email }) });
  return (
    <Frame title={text.forgottenTitle} hint={text.forgottenHint}>
      {request.isSuccess ? (
        <Note>{request.data.by_mail ? text.forgottenMailed : text.forgottenSent}</Note>
      ) : (
        <Form onSubmit={() => email !== "" && request.mutate()}>
          <EmailField value={email} onChange={setEmail} />
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

/** Sets a new password by the link of a reset. */
export function ResetPage() {
  const text = useText(TEXTS);
  const { token = "" } = useParams({ strict: false });
  const query = useQuery(resetQuery(useApi(), token));
  if (query.data === undefined) return <Opening title={text.resetTitle} error={query.error} />;
  return <ResetForm token={token} name={query.data.name} />;
}

function ResetForm({ token, name }: { token: string; name: string }) {
  const text = useText(TEXTS);
  const api = useApi();
  const [password, setPassword] = useState("");
  const reset = useMutation({ mutationFn: () => api.call("resetPassword", { token, password }) });
  if (reset.isSuccess) {
    return (
      <Frame title={text.resetTitle}>
        <Note>{text.resetDone}</Note>
        <Link to="/sign-in">{text.backToSignIn}</Link>
      </Frame>
    );
  }
  return (
    <Frame title={text.resetTitle} hint={text.resetHint(name)}>
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

/** Accepts an invitation by its link, as a new person or as the one who is signed in. */
export function InvitationPage() {
  const text = useText(TEXTS);
  const { token = "" } = useParams({ strict: false });
  const query = useQuery(invitationQuery(useApi(), token));
  const { data: session, error } = useQuery(sessionQuery(useApi()));
  if (query.data === undefined) return <Opening title={text.invitationTitle("")} error={query.error} />;
  if (session === undefined && error === null) return <Opening title={text.invitationTitle("")} error={null} />;
  const ways = error === null && session ? session.sign_in : waysOf(asCallError(error));
  return <InvitationForm token={token} invitation={query.data} ways={ways} />;
}

/** A link that is read, or that is not valid. */
function Opening({ title, error }: { title: string; error: Error | null }) {
  const text = useText(TEXTS);
  return (
    <Frame title={title}>
      {error === null ? <Loading rows={2} /> : <Problem error={error} words={text.words} shape="bar" />}
      <Link to="/sign-in">{text.backToSignIn}</Link>
    </Frame>
  );
}

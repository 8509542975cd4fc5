/** Accepts an invitation: a new account, or the password of one that the address has already. */

import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../api/context";
import type { AnswerOf } from "../api/types";
import { Problem } from "../kit/states/Problem";
import { EmailField } from "../session/EmailField";
import { PasswordField } from "../session/PasswordField";
import { CodeField } from "../session/SignInForm";
import { useTakeSession } from "../session/session";
import { TEXTS as SESSION } from "../session/text";
import { WaysIn } from "../session/WaysIn";
import type { Ways } from "../session/ways";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { Form, isLongEnough, NewPassword } from "./Form";
import { Frame } from "./Frame";
import { TEXTS } from "./text";

interface InvitationFormProps {
  token: string;
  invitation: AnswerOf<"readInvitation">;
  ways: Ways;
}

export function InvitationForm({ token, invitation, ways }: InvitationFormProps) {
  const text = useText(TEXTS);
  const labels = useText(SESSION);
  const shared = useText(SHARED);
  const { organization_name, role, has_account, email: address } = invitation;
  const [name, setName] = useState("");
  const [email, setEmail] = useState(address);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | null>(null);
  const accept = useAccept({ token, name, email, password, code: code ?? "" });
  const isComplete = has_account ? password !== "" : name.trim() !== "" && email !== "" && isLongEnough(password);
  const own = has_account ? text.invitationOfAccount : text.invitationHint(shared.roles(role), address === "");
  const hint = ways.local ? own : text.invitationByProvider(shared.roles(role));
  return (
    <Frame title={text.invitationTitle(organization_name)} hint={hint}>
      <WaysIn ways={ways} target="/" invitation={token}>
        <Form onSubmit={() => isComplete && accept.mutate()}>
          <EmailField value={email} onChange={setEmail} readOnly={address !== ""} />
          {!has_account && (
            <Field label={text.name} required>
              <Input size="large" autoComplete="name" value={name} onChange={(_, { value }) => setName(value)} />
            </Field>
          )}
          {has_account ? (
            <>
              <PasswordField
                label={labels.password}
                value={password}
                onChange={setPassword}
                autoComplete="current-password"
              />
              <CodeField code={code} onChange={setCode} />
            </>
          ) : (
            <NewPassword value={password} onChange={setPassword} />
          )}
          {accept.error && <Problem error={accept.error} words={{ ...labels.words, ...text.words }} shape="bar" />}
          <Button type="submit" appearance="primary" size="large" disabled={accept.isPending}>
            {text.accept}
          </Button>
        </Form>
      </WaysIn>
    </Frame>
  );
}

interface Acceptance {
  token: string;
  name: string;
  email: string;
  password: string;
  code: string;
}

function useAccept(acceptance: Acceptance) {
  const api = useApi();
  const navigate = useNavigate();
  const takeSession = useTakeSession();
  return useMutation({
    mutationFn: () => api.call("acceptInvitation", acceptance),
    onSuccess: async (session) => {
      takeSession(session);
      await navigate({ to: "/" });
    },
  });
}

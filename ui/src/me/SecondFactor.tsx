import { Button, Field, Input, Link } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../api/context";
import { sessionQuery } from "../api/queries/session/session";
import type { Schema } from "../api/types";
import { Confirm } from "../kit/Confirm";
import { CopyButton } from "../kit/CopyButton";
import { Section } from "../kit/Page";
import { Problem } from "../kit/states/Problem";
import { useConfirmed } from "../session/confirmed";
import { useSession } from "../session/session";
import { useText } from "../text/language";
import styles from "./me.module.css";
import { QrCode } from "./QrCode";
import { TEXTS } from "./text";

type Secret = Schema<"SecondFactorAnswer">;

/** The authenticator app of the account. */
export function SecondFactor() {
  const text = useText(TEXTS);
  const api = useApi();
  const confirmed = useConfirmed();
  const { user } = useSession();
  const [isAsked, setIsAsked] = useState(false);
  const start = useMutation({ mutationFn: () => confirmed(() => api.call("startSecondFactor", {})) });
  if (!user.has_password) return null;
  const isOn = user.has_second_factor;
  const action = isOn ? (
    <Button onClick={() => setIsAsked(true)}>{text.turnOff}</Button>
  ) : (
    <Button onClick={() => start.mutate()} disabled={start.isPending}>
      {text.turnOn}
    </Button>
  );
  return (
    <Section title={text.secondFactor} action={action}>
      <p>{isOn ? text.secondFactorOn : text.secondFactorOff}</p>
      {start.error && <Problem error={start.error} shape="bar" />}
      {start.data && <Setup secret={start.data} onClose={start.reset} />}
      {isAsked && <TurnOff onClose={() => setIsAsked(false)} />}
    </Section>
  );
}

function Setup({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const text = useText(TEXTS);
  const api = useApi();
  const confirmed = useConfirmed();
  const reread = useRereadSession();
  const [code, setCode] = useState("");
  const enable = useMutation({
    mutationFn: () =>
      confirmed(() => api.call("enableSecondFactor", { secret: secret.secret, code: code.replaceAll(" ", "") })),
    onSuccess: async () => {
      await reread();
      onClose();
    },
  });
  return (
    <Confirm
      title={text.setupTitle}
      verb={text.setupVerb}
      isBusy={enable.isPending}
      error={enable.error}
      words={text.words}
      onConfirm={() => code !== "" && enable.mutate()}
      onClose={onClose}
    >
      <p>{text.setupScan}</p>
      <QrCode value={secret.uri} label={text.qrCode} />
      <p>{text.setupSecret}</p>
      <div className={styles.secret}>
        <code>{secret.secret.match(/.{1,4}/g)?.join(" ")}</code>
        <CopyButton value={secret.secret} label={text.copySecret} />
        <Link href={secret.uri}>{text.openInApp}</Link>
      </div>
      <Field label={text.setupCode} required>
        <Input
          inputMode="numeric"
          autoComplete="one-time-code"
          value={code}
          onChange={(_, { value }) => setCode(value)}
        />
      </Field>
    </Confirm>
  );
}

function TurnOff({ onClose }: { onClose: () => void }) {
  const text = useText(TEXTS);
  const api = useApi();
  const confirmed = useConfirmed();
  const reread = useRereadSession();
  const disable = useMutation({
    mutationFn: () => confirmed(() => api.call("disableSecondFactor", {})),
    onSuccess: async () => {
      await reread();
      onClose();
    },
  });
  return (
    <Confirm
      title={text.turnOffTitle}
      verb={text.turnOff}
      isDangerous
      isBusy={disable.isPending}
      error={disable.error}
      onConfirm={() => disable.mutate()}
      onClose={onClose}
    >
      <p>{text.turnOffHint}</p>
    </Confirm>
  );
}

function useRereadSession(): () => Promise<void> {
  const api = useApi();
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: sessionQuery(api).queryKey });
}

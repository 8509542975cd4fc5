/** The secrets of a connection. They are written, never read: an empty field keeps what is stored. */

import { Button, Field, Input, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import styles from "../data.module.css";
import { TEXTS } from "../text";
import type { Draft } from "./draft";
import { formOf, useInstalled } from "./installed";
import { type SecretId, secretsOf } from "./kinds";

interface SecretFieldsProps {
  draft: Draft;
  /** The names of secrets that are stored. */
  stored: readonly string[];
  onChange: (draft: Draft) => void;
}

interface Shown {
  id: string;
  label?: string;
  isLong?: boolean;
}

export function SecretFields({ draft, stored, onChange }: SecretFieldsProps) {
  const { connections: text } = useText(TEXTS);
  const { layout, schema, secrets } = formOf(draft.kind, useInstalled());
  const laidOut: readonly Shown[] = layout === null ? [] : secretsOf(layout, draft.settings);
  const known: readonly Shown[] = [...laidOut, ...secrets];
  const names = known.map(({ id }) => id);
  const others = [...new Set([...stored, ...Object.keys(draft.secrets)])].filter((name) => !names.includes(name));
  const set = (name: string, value: string | null): void =>
    onChange({ ...draft, secrets: { ...draft.secrets, [name]: value } });
  return (
    <>
      {known.length + others.length === 0 && <p>{text.noSecrets}</p>}
      {[...known, ...others.map((id): Shown => ({ id }))].map(({ id, label, isLong = false }) => (
        <Secret
          key={id}
          label={label ?? text.secretNames[id as SecretId] ?? id}
          isLong={isLong}
          isStored={stored.includes(id)}
          value={draft.secrets[id] === undefined ? "" : draft.secrets[id]}
          onChange={(value) => set(id, value)}
        />
      ))}
      {layout === null && schema === null && <AddSecret onAdd={(name) => set(name, "")} />}
    </>
  );
}

interface SecretProps {
  label: string;
  isLong: boolean;
  isStored: boolean;
  /** Null: the stored one will be removed. */
  value: string | null;
  onChange: (value: string | null) => void;
}

function Secret({ label, isLong, isStored, value, onChange }: SecretProps) {
  const { connections: text } = useText(TEXTS);
  const hint = value === null ? text.willRemove : isStored ? text.isStored : undefined;
  return (
    <div className={styles.cell}>
      <Field label={label} {...(hint !== undefined && { hint })}>
        {isLong ? (
          <Textarea rows={4} value={value ?? ""} onChange={(_, { value: typed }) => onChange(typed)} />
        ) : (
          <Input
            type="password"
            autoComplete="new-password"
            value={value ?? ""}
            onChange={(_, { value: typed }) => onChange(typed)}
          />
        )}
      </Field>
      {isStored && (
        <span>
          <Button size="small" appearance="subtle" onClick={() => onChange(value === null ? "" : null)}>
            {value === null ? text.keepSecret(label) : text.removeSecret(label)}
          </Button>
        </span>
      )}
    </div>
  );
}

function AddSecret({ onAdd }: { onAdd: (name: string) => void }) {
  const { connections: text } = useText(TEXTS);
  const [name, setName] = useState("");
  return (
    <div className={styles.buttons}>
      <Field label={text.secretName}>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Button
        icon={<Icon name="plus" size={14} />}
        disabled={name.trim() === ""}
        onClick={() => {
          onAdd(name.trim());
          setName("");
        }}
      >
        {text.addSecret}
      </Button>
    </div>
  );
}

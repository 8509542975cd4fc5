/** A new connection: its kind, its form, and its test before it is stored. */

import { Button, Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { CONNECTIONS, type ConnectorKind } from "../../api/queries/data/data";
import { Problem } from "../../kit/states/Problem";
import { useConfirmed } from "../../session/confirmed";
import { Guarded } from "../../session/Guarded";
import { useText } from "../../text/language";
import styles from "../data.module.css";
import { ObjectHead } from "../ObjectHead";
import { TEXTS } from "../text";
import { ConnectionFields } from "./ConnectionFields";
import { type Draft, firstSecrets, newDraft } from "./draft";
import { formOf, isIncomplete, useInstalled } from "./installed";
import { KINDS } from "./kinds";
import { TestPanel } from "./TestPanel";

/** The choice that lets a kind of another connector be named. */
const OTHER = "";

export function NewConnectionPage() {
  return (
    <Guarded permission="edit.connections">
      <NewConnection />
    </Guarded>
  );
}

function NewConnection() {
  const { connections: text, datastores, tabs, codes } = useText(TEXTS);
  const [draft, setDraft] = useState<Draft>(() => newDraft("sap"));
  const create = useCreate();
  const installed = useInstalled();
  const form = formOf(draft.kind, installed);
  const isUnfinished = draft.name.trim() === "" || draft.kind.trim() === "" || isIncomplete(form, draft.settings);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (!isUnfinished) create.mutate(draft);
  };
  return (
    <>
      <ObjectHead to="/data/connections" list={tabs.connections} name={text.createTitle} />
      <div className={styles.stack}>
        <form className={styles.form} onSubmit={submit}>
          <KindField draft={draft} installed={installed ?? []} onChange={setDraft} />
          <Field label={datastores.name} hint={text.nameHint} required>
            <Input value={draft.name} maxLength={128} onChange={(_, { value: name }) => setDraft({ ...draft, name })} />
          </Field>
          <ConnectionFields
            key={form.layout === null && form.schema === null ? OTHER : draft.kind}
            draft={draft}
            stored={[]}
            onChange={setDraft}
          />
          {create.error !== null && <Problem error={create.error} words={codes} shape="bar" />}
          <div className={styles.buttons}>
            <Button type="submit" appearance="primary" disabled={create.isPending || isUnfinished}>
              {text.createVerb}
            </Button>
          </div>
        </form>
        <TestPanel draft={draft} storedName={null} />
      </div>
    </>
  );
}

interface KindFieldProps {
  draft: Draft;
  installed: readonly ConnectorKind[];
  onChange: (draft: Draft) => void;
}

function KindField({ draft, installed, onChange }: KindFieldProps) {
  const { connections: text } = useText(TEXTS);
  const others = installed.filter(({ kind }) => !Object.hasOwn(KINDS, kind));
  const isKnown = Object.hasOwn(KINDS, draft.kind) || others.some(({ kind }) => kind === draft.kind);
  return (
    <>
      <Field label={text.kind} required>
        <Select
          value={isKnown ? draft.kind : OTHER}
          onChange={(_, { value }) => onChange({ ...newDraft(value), name: draft.name })}
        >
          {Object.keys(KINDS).map((each) => (
            <option key={each} value={each}>
              {text.kinds(each)}
            </option>
          ))}
          {others.map(({ kind, label }) => (
            <option key={kind} value={kind}>
              {label}
            </option>
          ))}
          <option value={OTHER}>{text.otherKind}</option>
        </Select>
      </Field>
      {!isKnown && (
        <Field label={text.otherKindName} hint={text.otherKindHint} required>
          <Input value={draft.kind} onChange={(_, { value }) => onChange({ ...draft, kind: value })} />
        </Field>
      )}
    </>
  );
}

function useCreate() {
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const confirmed = useConfirmed();
  return useMutation({
    mutationFn: (draft: Draft) => {
      const { kind, settings } = draft;
      const body = { name: draft.name.trim(), kind: kind.trim(), settings, secrets: firstSecrets(draft) };
      return confirmed(() => api.call("createConnection", body));
    },
    onSuccess: async ({ item }) => {
      await queries.invalidateQueries({ queryKey: CONNECTIONS });
      await navigate({ to: "/data/connections/$name", params: { name: item.name } });
    },
  });
}

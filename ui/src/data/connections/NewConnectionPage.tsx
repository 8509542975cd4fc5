/** A new connection: its kind, its form, and its test before it is stored. */

import { Button, Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { CONNECTIONS } from "../../api/queries/makers/data";
import { Problem } from "../../kit/states/Problem";
import { useConfirmed } from "../../session/confirmed";
import { Guarded } from "../../session/Guarded";
import { useText } from "../../text/language";
import styles from "../data.module.css";
import { ObjectHead } from "../ObjectHead";
import { TEXTS } from "../text";
import { ConnectionFields } from "./ConnectionFields";
import { type Draft, firstSecrets, newDraft } from "./draft";
import { KINDS, missingOf } from "./kinds";
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
  const kind = KINDS[draft.kind];
  const isIncomplete =
    draft.name.trim() === "" ||
    draft.kind.trim() === "" ||
    (kind !== undefined && missingOf(kind, draft.settings).length > 0);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (!isIncomplete) create.mutate(draft);
  };
  return (
    <>
      <ObjectHead to="/data/connections" list={tabs.connections} name={text.createTitle} />
      <div className={styles.stack}>
        <form className={styles.form} onSubmit={submit}>
          <KindField draft={draft} onChange={setDraft} />
          <Field label={datastores.name} hint={text.nameHint} required>
            <Input value={draft.name} maxLength={128} onChange={(_, { value: name }) => setDraft({ ...draft, name })} />
          </Field>
          <ConnectionFields
            key={kind === undefined ? OTHER : draft.kind}
            draft={draft}
            stored={[]}
            onChange={setDraft}
          />
          {create.error !== null && <Problem error={create.error} words={codes} shape="bar" />}
          <div className={styles.buttons}>
            <Button type="submit" appearance="primary" disabled={create.isPending || isIncomplete}>
              {text.createVerb}
            </Button>
          </div>
        </form>
        <TestPanel draft={draft} storedName={null} />
      </div>
    </>
  );
}

function KindField({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  const { connections: text } = useText(TEXTS);
  const isKnown = draft.kind in KINDS;
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

import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { CONNECTIONS, type Connection } from "../../api/queries/data/data";
import { Problem } from "../../kit/states/Problem";
import { useConfirmed } from "../../session/confirmed";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import styles from "../data.module.css";
import { TEXTS } from "../text";
import { ConnectionFields } from "./ConnectionFields";
import { type Draft, draftOf, sentSecrets } from "./draft";
import { formOf, isIncomplete, useInstalled } from "./installed";
import { TestPanel } from "./TestPanel";

/** Changes a connection. What it leads to can be tested before it is saved. */
export function ConnectionForm({ stored }: { stored: Connection }) {
  const { connections: text, datastores, codes } = useText(TEXTS);
  const shared = useText(SHARED);
  const [draft, setDraft] = useState(() => draftOf(stored));
  const save = useUpdate(stored.name, (saved) => setDraft(draftOf(saved)));
  const isChanged =
    draft.name.trim() !== stored.name ||
    JSON.stringify(draft.settings) !== JSON.stringify(stored.settings) ||
    Object.keys(sentSecrets(draft)).length > 0;
  const form = formOf(draft.kind, useInstalled());
  const isUnfinished = draft.name.trim() === "" || isIncomplete(form, draft.settings);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (isChanged && !isUnfinished) save.mutate(draft);
  };
  return (
    <>
      <form className={styles.form} onSubmit={submit}>
        <Field label={datastores.name} hint={text.renameHint} required>
          <Input value={draft.name} maxLength={128} onChange={(_, { value: name }) => setDraft({ ...draft, name })} />
        </Field>
        <ConnectionFields draft={draft} stored={stored.secret_names} onChange={setDraft} />
        {save.error !== null && <Problem error={save.error} words={codes} shape="bar" />}
        <div className={styles.buttons}>
          <Button type="submit" appearance="primary" disabled={save.isPending || !isChanged || isUnfinished}>
            {shared.save}
          </Button>
          {isChanged && <Button onClick={() => setDraft(draftOf(stored))}>{text.undo}</Button>}
          <span role="status">{save.isSuccess && !isChanged && shared.saved}</span>
        </div>
      </form>
      <TestPanel draft={draft} storedName={stored.name} />
    </>
  );
}

/** Stores a draft under the name that the connection has, with a new name where it has another. */
function useUpdate(name: string, onDone: (saved: Connection) => void) {
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const confirmed = useConfirmed();
  return useMutation({
    mutationFn: (draft: Draft) => {
      const next = draft.name.trim();
      const renamed = next === name ? {} : { new_name: next };
      const { kind, settings } = draft;
      return confirmed(() =>
        api.call("updateConnection", { name, kind, settings, secrets: sentSecrets(draft), ...renamed }),
      );
    },
    onSuccess: async ({ item }) => {
      onDone(item);
      if (item.name !== name) await navigate({ to: "/data/connections/$name", params: { name: item.name } });
      await queries.invalidateQueries({ queryKey: CONNECTIONS });
    },
  });
}

/** Another id for the step: the server rewrites every expression and card that reads it. */

import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { refusalOfId, takeRenamed } from "../document/commands/rename";
import type { StepEdit } from "./form/edit";
import styles from "./Panels.module.css";
import { PANEL_TEXTS } from "./text";

export function RenameId({ edit, onDone }: { edit: StepEdit; onDone: () => void }) {
  const { renaming: text } = useText(PANEL_TEXTS);
  const api = useApi();
  const [typed, setTyped] = useState(edit.id);
  const { store, id } = edit;
  const refusal = refusalOfId(store.getState().document, id, typed);
  const { mutate, error, isPending } = useMutation({
    mutationFn: async () => {
      const { document } = store.getState();
      const answer = await api.call("renameStep", { definition: document as Record<string, unknown>, from: id, to: typed });
      return { document, answer };
    },
    onSuccess: ({ document, answer }) => {
      const state = store.getState();
      // What was edited while the server answered would be lost: the person renames again.
      if (state.document !== document) return;
      state.run(takeRenamed(document, answer.definition, typed));
      onDone();
      state.select(typed);
    },
  });
  const complaint = refusal === null ? null : refusal.why === "id-taken" ? text.taken : text.bad;
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (complaint === null && typed !== id) mutate();
  };
  return (
    <form className={styles.rename} onSubmit={submit}>
      <Field label={text.label} hint={text.hint} {...(complaint !== null && { validationMessage: complaint })}>
        <Input value={typed} autoFocus autoComplete="off" onChange={(_, { value }) => setTyped(value)} />
      </Field>
      <div className={styles.row}>
        <Button type="submit" size="small" appearance="primary" disabled={complaint !== null || isPending}>
          {text.rename}
        </Button>
        <Button size="small" onClick={onDone}>
          {text.cancel}
        </Button>
      </div>
      {error !== null && <Problem error={error} shape="bar" />}
    </form>
  );
}

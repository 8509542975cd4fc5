/** Who decides for the reader during an absence, and for whom the reader decides. */

import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../api/context";
import { absenceQuery, INBOX } from "../api/queries/inbox/inbox";
import type { AnswerOf } from "../api/types";
import { Answer } from "../kit/Answer";
import { Note } from "../kit/Note";
import { Page, Section } from "../kit/Page";
import { Problem } from "../kit/states/Problem";
import { PersonField } from "../session/people/PersonField";
import { useText } from "../text/language";
import { useTimes } from "../text/time";
import styles from "./Absence.module.css";
import { dayOf, startOf } from "./days";
import { InboxTabs } from "./InboxTabs";
import { Scope } from "./list/Scope";
import { TEXTS } from "./text";

type Absence = AnswerOf<"getAbsence">;

export function AbsencePage() {
  const text = useText(TEXTS);
  const query = useQuery(absenceQuery(useApi()));
  return (
    <Page title={text.title} tabs={<InboxTabs />} width="text">
      <Answer query={query}>
        {(absence) => (
          <>
            <Substitutions absence={absence} />
            <Section title={text.absence.heading} hint={text.absence.hint}>
              <Form key={JSON.stringify(absence.item)} absence={absence} />
            </Section>
          </>
        )}
      </Answer>
    </Page>
  );
}

function Substitutions({ absence: { substitute_for } }: { absence: Absence }) {
  const { absence: text } = useText(TEXTS);
  const { formats } = useTimes();
  if (substitute_for.length === 0) return null;
  return (
    <div className={styles.others}>
      {substitute_for.map(({ person, to }) => (
        <Note key={person} tone="info">
          {text.forOthers(person, formats.day(to - 1))}
        </Note>
      ))}
    </div>
  );
}

function Form({ absence: { item, is_active, workflow_names: names } }: { absence: Absence }) {
  const { absence: text } = useText(TEXTS);
  const { formats } = useTimes();
  const [from, setFrom] = useState(item === null ? "" : dayOf(item.from));
  // The end that the server has is the first instant after the absence.
  const [to, setTo] = useState(item === null ? "" : dayOf(item.to - 1));
  const [substitute, setSubstitute] = useState(item?.substitute ?? "");
  const [scope, setScope] = useState<readonly string[] | null>(item?.scope ?? null);
  const [note, setNote] = useState(item?.note ?? "");
  const { save, remove } = useChanges();
  const begins = startOf(from);
  const ends = startOf(to, 1);
  const isWrong = begins !== null && ends !== null && ends <= begins;
  const isReady = begins !== null && ends !== null && !isWrong && substitute.trim() !== "" && scope?.length !== 0;
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (!isReady) return;
    const chosen = scope === null ? null : [...scope];
    save.mutate({ from: begins, to: ends, substitute: substitute.trim(), scope: chosen, note: note.trim() });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {item !== null && (
        <Note tone="info">
          {is_active
            ? text.active(item.substitute, formats.day(item.to - 1))
            : text.planned(item.substitute, formats.day(item.from), formats.day(item.to - 1))}
        </Note>
      )}
      <div className={styles.days}>
        <Field label={text.from} required>
          <Input type="date" value={from} onChange={(_, { value }) => setFrom(value)} />
        </Field>
        <Field label={text.to} required {...(isWrong && { validationMessage: text.wrongDays })}>
          <Input type="date" value={to} onChange={(_, { value }) => setTo(value)} />
        </Field>
      </div>
      <PersonField label={text.substitute} value={substitute} onChange={setSubstitute} />
      <Scope scope={scope} names={names} onChange={setScope} />
      <Field label={text.note}>
        <Input value={note} onChange={(_, { value }) => setNote(value)} />
      </Field>
      {(save.error ?? remove.error) !== null && <Problem error={save.error ?? remove.error} shape="bar" />}
      {remove.isSuccess && <Note>{text.removed}</Note>}
      <div className={styles.actions}>
        <Button type="submit" appearance="primary" disabled={!isReady || save.isPending}>
          {text.save}
        </Button>
        {item !== null && (
          <Button onClick={() => remove.mutate()} disabled={remove.isPending}>
            {text.remove}
          </Button>
        )}
      </div>
    </form>
  );
}

function useChanges() {
  const api = useApi();
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: INBOX });
  const save = useMutation({
    mutationFn: (draft: NonNullable<Absence["item"]>) => api.call("putAbsence", draft),
    onSuccess,
  });
  const remove = useMutation({ mutationFn: () => api.call("deleteAbsence", {}), onSuccess });
  return { save, remove };
}

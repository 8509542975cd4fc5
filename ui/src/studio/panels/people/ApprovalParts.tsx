/** Reminders, substitutes, calendar and deadline of an approval, and its card. */

import { DurationField } from "../../../kit/fields/DurationField";
import { useInputs } from "../../../kit/fields/inputs";
import { DatastoreField } from "../../../kit/fields/pickers/DatastoreField";
import { PeopleField } from "../../../kit/fields/pickers/PeopleField";
import { isObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { AddButton, RemoveButton } from "../form/ListButtons";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import { CardParts } from "./CardParts";

/** More the engine refuses. */
const MOST = 10;

export function ApprovalParts({ edit }: { edit: StepEdit }) {
  const { fields } = useText(PANEL_TEXTS);
  return (
    <>
      <Reminders edit={edit} />
      <Escalation edit={edit} />
      <DurationField {...edit.field(["timeout"], ...fields.approvalTimeout)} unit="days" />
      <DatastoreField {...edit.field(["calendar"], ...fields.calendar)} />
      <CardParts edit={edit} />
    </>
  );
}

function Reminders({ edit }: { edit: StepEdit }) {
  const { fields, people: text } = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const field = edit.field(["reminders"], ...fields.reminders);
  const { value = [] } = field;
  if (!Array.isArray(value)) return <Json {...field} />;
  const give = (next: readonly unknown[]): void => field.onChange(next.length === 0 ? undefined : next);
  return (
    <section className={styles.box} aria-label={field.label}>
      <h3 className={styles.title}>{field.label}</h3>
      {value.map((each, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a reminder has no identity but its place
        <div key={at} className={styles.item}>
          <DurationField
            label={text.reminder(at + 1)}
            name={`${field.name}/${at}`}
            value={each}
            unit="days"
            isReadOnly={edit.isReadOnly}
            onChange={(next) => give(value.with(at, next ?? ""))}
          />
          <RemoveButton edit={edit} label={text.removeReminder(at + 1)} onClick={() => give(value.toSpliced(at, 1))} />
        </div>
      ))}
      <AddButton
        edit={edit}
        label={text.addReminder}
        isFull={value.length >= MOST}
        onClick={() => give([...value, "P1D"])}
      />
    </section>
  );
}

function Escalation({ edit }: { edit: StepEdit }) {
  const { fields, people: text } = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const field = edit.field(["escalation"], ...fields.escalation);
  const { value = [] } = field;
  if (!Array.isArray(value) || !value.every(isObject)) return <Json {...field} />;
  const give = (next: readonly unknown[]): void => field.onChange(next.length === 0 ? undefined : next);
  return (
    <section className={styles.box} aria-label={field.label}>
      <h3 className={styles.title}>{field.label}</h3>
      {value.map((each, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an entry has no identity but its place
        <div key={at} className={styles.item}>
          <div className={styles.form}>
            <DurationField
              label={text.handOverAfter(at + 1)}
              name={`${field.name}/${at}/after`}
              value={each.after}
              unit="days"
              isReadOnly={edit.isReadOnly}
              onChange={(after) => give(value.with(at, { ...each, after: after ?? "" }))}
            />
            <PeopleField
              label={text.handOverTo(at + 1)}
              name={`${field.name}/${at}/to`}
              value={each.to}
              isReadOnly={edit.isReadOnly}
              onChange={(to) => give(value.with(at, { ...each, to: to ?? [] }))}
            />
          </div>
          <RemoveButton edit={edit} label={text.removeHandOver(at + 1)} onClick={() => give(value.toSpliced(at, 1))} />
        </div>
      ))}
      <AddButton
        edit={edit}
        label={text.addHandOver}
        isFull={value.length >= MOST}
        onClick={() => give([...value, { after: "P2D", to: [] }])}
      />
    </section>
  );
}

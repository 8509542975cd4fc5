import { Button } from "@fluentui/react-components";
import { useState } from "react";
import type { Datastore } from "../../api/queries/data/data";
import { writeJson } from "../../kit/json/json-text";
import { Note } from "../../kit/Note";
import { Section } from "../../kit/Page";
import { Problem } from "../../kit/states/Problem";
import { ZoneField } from "../../kit/zones/ZoneField";
import { GuardedButton } from "../../session/Guarded";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { ChangedByAnother } from "../ChangedByAnother";
import styles from "../data.module.css";
import { TEXTS } from "../text";
import { useSave } from "../use-save";
import { type Calendar, type CalendarFault, documentOf, faultsOf } from "./calendar";
import { Holidays } from "./Holidays";
import { WeekHours } from "./WeekHours";

/** Changes a calendar. It is saved when an approval would take it; nothing typed is lost by another's change. */
export function CalendarForm({ first, stored }: { first: Calendar; stored: Datastore }) {
  const { calendars: text, codes } = useText(TEXTS);
  const shared = useText(SHARED);
  const mayEdit = useMay("edit.datastores");
  const [base, setBase] = useState(first);
  const [calendar, setCalendar] = useState(first);
  const { save, isBusy, error, theirs, accept } = useSave(stored, () => setBase(calendar));
  const faults = faultsOf(calendar);
  const isChanged = writeJson(documentOf(calendar)) !== writeJson(documentOf(base));
  return (
    <>
      <Section title={text.week} hint={text.weekHint}>
        <WeekHours calendar={calendar} isReadOnly={!mayEdit} onChange={setCalendar} />
        {mayEdit && (
          <ZoneField value={calendar.timezone} onChange={(timezone) => setCalendar({ ...calendar, timezone })} />
        )}
      </Section>
      <Holidays
        days={calendar.holidays}
        isReadOnly={!mayEdit}
        onChange={(holidays) => setCalendar({ ...calendar, holidays })}
      />
      <Faults faults={faults} />
      {theirs !== null && <ChangedByAnother theirs={theirs} mine={writeJson(documentOf(calendar))} onAccept={accept} />}
      {error !== null && error !== undefined && <Problem error={error} words={codes} shape="bar" />}
      <div className={styles.buttons}>
        <GuardedButton
          permission="edit.datastores"
          appearance="primary"
          disabled={isBusy || faults.length > 0 || theirs !== null || !isChanged}
          onClick={() => save(documentOf(calendar))}
        >
          {shared.save}
        </GuardedButton>
        {isChanged && <Button onClick={() => setCalendar(base)}>{text.undo}</Button>}
      </div>
    </>
  );
}

function Faults({ faults }: { faults: readonly CalendarFault[] }) {
  const { calendars: text } = useText(TEXTS);
  if (faults.length === 0) return null;
  return (
    <Note tone="warning">
      <ul>
        {faults.map((fault) => (
          <li key={"day" in fault ? `${fault.kind} ${fault.day}` : fault.kind}>
            {"day" in fault ? text.dayFault(fault.kind, text.days[fault.day]) : text.fault(fault.kind)}
          </li>
        ))}
      </ul>
    </Note>
  );
}

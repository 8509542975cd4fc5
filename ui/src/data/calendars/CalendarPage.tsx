/** One calendar: the week as it is drawn, its hours and holidays to change. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type Datastore, datastoreQuery } from "../../api/queries/data/data";
import { Answer } from "../../kit/Answer";
import { Note } from "../../kit/Note";
import { UsedBy } from "../../kit/uses/UsedBy";
import { Guarded, GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import styles from "../data.module.css";
import { DeleteDatastoreDialog } from "../datastores/DeleteDatastoreDialog";
import { ObjectHead } from "../ObjectHead";
import { Revision } from "../Revision";
import { TEXTS } from "../text";
import { CalendarForm } from "./CalendarForm";
import { type Calendar, readCalendar } from "./calendar";

export function CalendarPage() {
  return (
    <Guarded permission="read.payloads">
      <Read />
    </Guarded>
  );
}

function Read() {
  const { codes } = useText(TEXTS);
  const { name } = useParams({ from: "/shell/data/calendars/$name" });
  const query = useQuery(datastoreQuery(useApi(), name));
  return (
    <Answer query={query} words={codes}>
      {({ item }) => <Found key={item.name} stored={item} />}
    </Answer>
  );
}

function Found({ stored }: { stored: Datastore }) {
  const { calendars: text, datastores, tabs } = useText(TEXTS);
  const [isDeleting, setIsDeleting] = useState(false);
  const [first] = useState(() => readCalendar(stored.value));
  return (
    <>
      <ObjectHead to="/data/calendars" list={tabs.calendars} name={stored.name}>
        <Link to="/data/datastores/$name" params={{ name: stored.name }} preload={false}>
          {text.asDocument}
        </Link>
        <GuardedButton permission="edit.datastores" onClick={() => setIsDeleting(true)}>
          {datastores.delete}
        </GuardedButton>
      </ObjectHead>
      <Revision stored={stored} />
      <div className={styles.stack}>
        <Form calendar={first} stored={stored} />
        <UsedBy kind="calendar" name={stored.name} />
      </div>
      {isDeleting && (
        <DeleteDatastoreDialog stored={stored} to="/data/calendars" onClose={() => setIsDeleting(false)} />
      )}
    </>
  );
}

function Form({ calendar, stored }: { calendar: Calendar | null; stored: Datastore }) {
  const { calendars: text } = useText(TEXTS);
  if (calendar === null) return <Note tone="warning">{text.none}</Note>;
  return <CalendarForm first={calendar} stored={stored} />;
}

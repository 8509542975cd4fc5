/** The datastores of the organization by name. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type DatastoreRow, datastoresQuery } from "../../api/queries/data/data";
import { type Column, DataTable } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { Pages } from "../../kit/Pages";
import { Empty } from "../../kit/states/Empty";
import { GuardedButton } from "../../session/Guarded";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { Time, useTimes } from "../../text/time";
import styles from "../data.module.css";
import { TEXTS } from "../text";
import { NewDatastoreDialog } from "./NewDatastoreDialog";

export function DatastoresPage() {
  const { datastores: text } = useText(TEXTS);
  const query = useInfiniteQuery(datastoresQuery(useApi()));
  const [isCreating, setIsCreating] = useState(false);
  const columns = useColumns();
  return (
    <>
      <div className={styles.tools}>
        <p>{text.hint}</p>
        <GuardedButton
          permission="edit.datastores"
          appearance="primary"
          icon={<Icon name="plus" size={16} />}
          onClick={() => setIsCreating(true)}
        >
          {text.create}
        </GuardedButton>
      </div>
      <Pages query={query} empty={<Empty icon="data" title={text.empty} />}>
        {(rows) => <DataTable label={text.label} columns={columns} rows={rows} keyOf={({ name }) => name} />}
      </Pages>
      {isCreating && <NewDatastoreDialog onClose={() => setIsCreating(false)} />}
    </>
  );
}

function useColumns(): Column<DatastoreRow>[] {
  const { datastores: text, size } = useText(TEXTS);
  const { formats } = useTimes();
  const mayRead = useMay("read.payloads");
  return [
    {
      id: "name",
      head: text.name,
      cell: ({ name }) =>
        mayRead ? (
          <Link to="/data/datastores/$name" params={{ name }} preload={false}>
            {name}
          </Link>
        ) : (
          name
        ),
    },
    { id: "revision", head: text.revision, isRight: true, cell: ({ revision }) => formats.number(revision) },
    { id: "size", head: text.size, isRight: true, cell: ({ bytes }) => size(formats.number(Math.ceil(bytes / 1024))) },
    {
      id: "modified",
      head: text.modified,
      cell: ({ modified_on, modified_by_name }) => (
        <span className={styles.cell}>
          <Time at={modified_on} />
          {modified_by_name && <small>{modified_by_name}</small>}
        </span>
      ),
    },
  ];
}

/** The connections of the organization: what kind, which system, who uses them. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { type Connection, connectionsQuery } from "../../api/queries/data/data";
import { type Column, DataTable } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { Pages } from "../../kit/Pages";
import { Empty } from "../../kit/states/Empty";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import styles from "../data.module.css";
import { TEXTS } from "../text";
import { addressOf } from "./kinds";

export function ConnectionsPage() {
  const { connections: text } = useText(TEXTS);
  const query = useInfiniteQuery(connectionsQuery(useApi()));
  const navigate = useNavigate();
  const columns = useColumns();
  return (
    <>
      <div className={styles.tools}>
        <p>{text.hint}</p>
        <GuardedButton
          permission="edit.connections"
          appearance="primary"
          icon={<Icon name="plus" size={16} />}
          onClick={() => void navigate({ to: "/data/new-connection" })}
        >
          {text.create}
        </GuardedButton>
      </div>
      <Pages
        query={query}
        empty={
          <Empty icon="link" title={text.empty}>
            {text.emptyHint}
          </Empty>
        }
      >
        {(rows) => (
          <DataTable label={text.label} columns={columns} rows={rows} keyOf={({ connection_id }) => connection_id} />
        )}
      </Pages>
    </>
  );
}

function useColumns(): Column<Connection>[] {
  const { connections: text, datastores } = useText(TEXTS);
  return [
    {
      id: "name",
      head: datastores.name,
      cell: ({ name }) => (
        <Link to="/data/connections/$name" params={{ name }} preload={false}>
          {name}
        </Link>
      ),
    },
    { id: "kind", head: text.kind, cell: ({ kind }) => text.kinds(kind) },
    {
      id: "address",
      head: text.address,
      isCut: true,
      cell: ({ settings }) => <span className={styles.mono}>{addressOf(settings)}</span>,
    },
    { id: "secrets", head: text.secrets, cell: ({ secret_names: names }) => names.join(", ") || text.noSecretsShort },
    {
      id: "modified",
      head: datastores.modified,
      cell: ({ modified_on, modified_by_name }) => (
        <span className={styles.cell}>
          <Time at={modified_on} />
          {modified_by_name && <small>{modified_by_name}</small>}
        </span>
      ),
    },
  ];
}

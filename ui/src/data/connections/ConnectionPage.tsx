/** One connection: its settings, the names of its secrets, its test, and who uses it. */

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type Connection, connectionQuery } from "../../api/queries/data/data";
import { Answer } from "../../kit/Answer";
import { JsonTree } from "../../kit/JsonTree";
import { UsedBy } from "../../kit/uses/UsedBy";
import { GuardedButton } from "../../session/Guarded";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import styles from "../data.module.css";
import { ObjectHead } from "../ObjectHead";
import { TEXTS } from "../text";
import { ConnectionForm } from "./ConnectionForm";
import { DeleteConnectionDialog } from "./DeleteConnectionDialog";
import { Offers } from "./Offers";
import { RotateDialog } from "./RotateDialog";
import { UsesCheck } from "./UsesCheck";

export function ConnectionPage() {
  const { codes } = useText(TEXTS);
  const { name } = useParams({ from: "/shell/data/connections/$name" });
  const query = useQuery(connectionQuery(useApi(), name));
  return (
    <Answer query={query} words={codes}>
      {({ item }) => <Found key={item.connection_id} connection={item} />}
    </Answer>
  );
}

function Found({ connection }: { connection: Connection }) {
  const { connections: text, datastores, tabs } = useText(TEXTS);
  const mayEdit = useMay("edit.connections");
  const [open, setOpen] = useState<"rotate" | "delete" | null>(null);
  const close = (): void => setOpen(null);
  return (
    <>
      <ObjectHead to="/data/connections" list={tabs.connections} name={connection.name}>
        <span className={styles.buttons}>
          <GuardedButton
            permission="edit.connections"
            disabled={connection.secret_names.length === 0}
            onClick={() => setOpen("rotate")}
          >
            {text.rotate}
          </GuardedButton>
          <GuardedButton permission="edit.connections" onClick={() => setOpen("delete")}>
            {datastores.delete}
          </GuardedButton>
        </span>
      </ObjectHead>
      <Facts connection={connection} />
      <div className={styles.stack}>
        {mayEdit ? (
          <ConnectionForm stored={connection} />
        ) : (
          <JsonTree label={text.settings} value={connection.settings} />
        )}
        {connection.kind === "sap" && <UsesCheck name={connection.name} />}
        {connection.kind === "sap" && <Offers name={connection.name} />}
        <UsedBy kind="connection" name={connection.name} />
      </div>
      {open === "rotate" && <RotateDialog connection={connection} onClose={close} />}
      {open === "delete" && <DeleteConnectionDialog name={connection.name} onClose={close} />}
    </>
  );
}

function Facts({ connection }: { connection: Connection }) {
  const { connections: text, datastores } = useText(TEXTS);
  return (
    <dl className={styles.facts}>
      <div>
        <dt>{text.kind}</dt>
        <dd>{text.kinds(connection.kind)}</dd>
      </div>
      <div>
        <dt>{text.secrets}</dt>
        <dd>{connection.secret_names.join(", ") || text.noSecretsShort}</dd>
      </div>
      <div>
        <dt>{datastores.modified}</dt>
        <dd>
          <Time at={connection.modified_on} /> {connection.modified_by_name}
        </dd>
      </div>
    </dl>
  );
}

/** One datastore: its document as a tree, or as text to change it. */

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type Datastore, datastoreQuery } from "../../api/queries/data/data";
import { Answer } from "../../kit/Answer";
import { JsonTree } from "../../kit/JsonTree";
import { UsedBy } from "../../kit/uses/UsedBy";
import { Guarded, GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import styles from "../data.module.css";
import { ObjectHead } from "../ObjectHead";
import { Revision } from "../Revision";
import { TEXTS } from "../text";
import { DeleteDatastoreDialog } from "./DeleteDatastoreDialog";
import { DocumentEditor } from "./DocumentEditor";

export function DatastorePage() {
  return (
    <Guarded permission="read.payloads">
      <Read />
    </Guarded>
  );
}

function Read() {
  const { codes } = useText(TEXTS);
  const { name } = useParams({ from: "/shell/data/datastores/$name" });
  const query = useQuery(datastoreQuery(useApi(), name));
  return (
    <Answer query={query} words={codes}>
      {({ item }) => <Document key={item.name} stored={item} />}
    </Answer>
  );
}

function Document({ stored }: { stored: Datastore }) {
  const { datastores: text, tabs } = useText(TEXTS);
  const [state, setState] = useState<"read" | "edit" | "delete">("read");
  const close = (): void => setState("read");
  return (
    <>
      <ObjectHead to="/data/datastores" list={tabs.datastores} name={stored.name}>
        {state !== "edit" && (
          <span className={styles.buttons}>
            <GuardedButton permission="edit.datastores" onClick={() => setState("delete")}>
              {text.delete}
            </GuardedButton>
            <GuardedButton permission="edit.datastores" appearance="primary" onClick={() => setState("edit")}>
              {text.edit}
            </GuardedButton>
          </span>
        )}
      </ObjectHead>
      <Revision stored={stored} />
      <div className={styles.stack}>
        {state === "edit" ? (
          <DocumentEditor stored={stored} onClose={close} />
        ) : (
          <JsonTree label={text.document} value={stored.value} />
        )}
        <UsedBy kind="datastore" name={stored.name} />
      </div>
      {state === "delete" && <DeleteDatastoreDialog stored={stored} to="/data/datastores" onClose={close} />}
    </>
  );
}

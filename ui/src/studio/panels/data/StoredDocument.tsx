/** The document of the datastore as it is now; a press takes a path into the field. */

import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { datastoreQuery } from "../../../api/queries/kit/choices";
import { pointerOf } from "../../../editing/document/path";
import { JsonTree } from "../../../kit/JsonTree";
import { isObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

const MOST = 30;

export function StoredDocument({ edit }: { edit: StepEdit }) {
  const { store: text } = useText(PANEL_TEXTS);
  const { name } = edit.settings;
  const { data, error } = useQuery(datastoreQuery(useApi(), typeof name === "string" ? name : ""));
  if (error !== null) return <p className={styles.hint}>{text.unknown}</p>;
  if (data === undefined) return null;
  const members = isObject(data) ? Object.keys(data).slice(0, MOST) : [];
  return (
    <section className={styles.box} aria-label={text.document}>
      <h3 className={styles.title}>{text.document}</h3>
      <JsonTree label={text.document} value={data} depth={1} />
      {!edit.isReadOnly && members.length > 0 && (
        <div className={styles.row}>
          <span className={styles.hint}>{text.usePath}</span>
          {members.map((member) => (
            <Button key={member} size="small" onClick={() => edit.setting(["path"], pointerOf([member]))}>
              {pointerOf([member])}
            </Button>
          ))}
        </div>
      )}
    </section>
  );
}

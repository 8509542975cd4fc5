import type { DatastoreRow } from "../api/queries/data/data";
import { useText } from "../text/language";
import { Time, useTimes } from "../text/time";
import styles from "./data.module.css";
import { TEXTS } from "./text";

/** Which revision of a datastore is shown, how large it is, and who made it. */
export function Revision({ stored }: { stored: DatastoreRow }) {
  const { datastores: text, size } = useText(TEXTS);
  const { formats } = useTimes();
  return (
    <dl className={styles.facts}>
      <div>
        <dt>{text.revision}</dt>
        <dd>{formats.number(stored.revision)}</dd>
      </div>
      <div>
        <dt>{text.size}</dt>
        <dd>{size(formats.number(Math.ceil(stored.bytes / 1024)))}</dd>
      </div>
      <div>
        <dt>{text.modified}</dt>
        <dd>
          <Time at={stored.modified_on} /> {stored.modified_by_name}
        </dd>
      </div>
    </dl>
  );
}

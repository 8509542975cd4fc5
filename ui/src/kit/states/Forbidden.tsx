/** A screen that the reader may not see: which right it needs, and who could give it. */

import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Icon } from "../icons";
import styles from "./states.module.css";

export function Forbidden({ permission, people = [] }: { permission: string; people?: readonly string[] }) {
  const text = useText(SHARED);
  const names = people.join(", ");
  return (
    <div className={styles.center}>
      <span className={styles.tile}>
        <Icon name="lock" size={24} />
      </span>
      <p className={styles.title}>{text.problem("forbidden")}</p>
      <p className={styles.hint}>
        {names ? text.needsPermissionOf(permission, names) : text.needsPermission(permission)}
      </p>
    </div>
  );
}

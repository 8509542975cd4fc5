/** A small workflow, as the app draws them. A picture only. */

import { Icon, type IconName } from "../kit/icons";
import { useText } from "../text/language";
import styles from "./Art.module.css";
import { TEXTS } from "./text";

export function Art() {
  const text = useText(TEXTS);
  const { art } = text;
  return (
    <div className={styles.art} aria-hidden="true">
      <div className={styles.graph}>
        <svg className={styles.edges} viewBox="0 0 560 340">
          <path d="M280 56V104M280 164v16q0 8-8 8h-94q-8 0-8 8v44M280 180q0 8 8 8h134q8 0 8 8v44" />
          <path className={styles.head} d="m280 110-4-6h8zM170 246l-4-6h8zM430 246l-4-6h8z" />
        </svg>
        <Node className={styles.first} group="start" icon="bolt" name={art.start} sub={art.startSub} />
        <Node className={styles.second} group="people" icon="stamp" name={art.ask} sub={art.askSub} />
        <span className={styles.approved}>{art.approved}</span>
        <span className={styles.rejected}>{art.rejected}</span>
        <Node className={styles.left} group="systems" icon="system" name={art.release} sub={art.releaseSub} />
        <Node className={styles.right} group="people" icon="mail" name={art.reject} sub={art.rejectSub} />
      </div>
      <p className={styles.slogan}>{text.slogan}</p>
    </div>
  );
}

interface NodeProps {
  className: string | undefined;
  group: "start" | "people" | "systems";
  icon: IconName;
  name: string;
  sub: string;
}

function Node({ className, group, icon, name, sub }: NodeProps) {
  return (
    <div className={`${styles.node} ${styles[group]} ${className}`}>
      <span className={styles.tile}>
        <Icon name={icon} />
      </span>
      <span className={styles.words}>
        <b>{name}</b>
        <small>{sub}</small>
      </span>
    </div>
  );
}

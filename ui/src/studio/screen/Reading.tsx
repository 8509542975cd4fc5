/** A workflow on a phone: what it does, as text. */

import { useMemo } from "react";
import type { OpenVersion } from "../../api/queries/studio/definitions";
import { stepIcon } from "../../graph/StepNode";
import { Icon } from "../../kit/icons";
import { Page } from "../../kit/Page";
import { useText } from "../../text/language";
import { nameOf, settingsOf, stepById, typeOf } from "../document/definition";
import { exitLook } from "../exits";
import { treeRows } from "../outline/tree";
import { tellingLine } from "../steps/telling";
import { TEXTS } from "../text";
import styles from "./Screen.module.css";

export function Reading({ opened: { record, definition } }: { opened: OpenVersion }) {
  const text = useText(TEXTS);
  const rows = useMemo(() => treeRows(definition), [definition]);
  return (
    <Page title={record.workflow_name} aside={text.version(record.workflow_version)} width="full">
      <p className={styles.phone}>{text.phone}</p>
      <ul className={styles.phone}>
        {rows.map(({ step: id, level, exit, from }) => {
          const step = stepById(definition, id);
          if (step === null) return null;
          const type = typeOf(step);
          return (
            <li key={id} style={{ paddingLeft: (level - 1) * 16 }}>
              <Icon name={stepIcon(type)} size={16} />{" "}
              {exit !== "" && `${exitLook(stepById(definition, from), exit, text.exits).text}: `}
              <b>{nameOf(step)}</b> <span className={styles.hint}>{tellingLine(type, settingsOf(step))}</span>
            </li>
          );
        })}
      </ul>
    </Page>
  );
}

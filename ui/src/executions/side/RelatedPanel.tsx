/** What belongs together: the execution that started this one, those that it started, and its earlier or later runs. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { childrenQuery, type ExecutionItem, type ExecutionRow } from "../../api/queries/executions/executions";
import { Answer } from "../../kit/Answer";
import { Chip } from "../../kit/Chip";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import { STATUS_TONES, shownStatus, titleOf } from "../status";
import { TEXTS } from "../text";
import styles from "./Side.module.css";

export function RelatedPanel({ row, item }: { row: ExecutionRow; item: ExecutionItem }) {
  const text = useText(TEXTS);
  const query = useQuery(childrenQuery(useApi(), row.workflow_execution_id));
  const others = [
    [text.parent, item.parent_execution_id],
    [text.rerunOf, item.rerun_of_execution_id],
  ] as const;
  return (
    <div className={styles.related}>
      {others.map(
        ([label, executionId]) =>
          executionId !== null && (
            <p key={label}>
              <Link to="/executions/$executionId" params={{ executionId }}>
                {label}
              </Link>
            </p>
          ),
      )}
      <h2 className={styles.stepName}>{text.children}</h2>
      <Answer query={query}>
        {({ items, lastKey }) =>
          items.length === 0 ? (
            <p className={styles.quiet}>{text.noChild}</p>
          ) : (
            <ul className={styles.decisions} aria-label={text.children}>
              {items.map((child) => (
                <li key={child.workflow_execution_id}>
                  <p>
                    <Chip tone={STATUS_TONES[shownStatus(child)]}>{text.statuses[shownStatus(child)]}</Chip>{" "}
                    <Link to="/executions/$executionId" params={{ executionId: child.workflow_execution_id }}>
                      {titleOf(child)}
                    </Link>
                  </p>
                  <p className={styles.quiet}>
                    {child.workflow_name} · <Time at={child.created_on} />
                  </p>
                </li>
              ))}
              {lastKey !== undefined && <li className={styles.quiet}>{text.moreChildren(items.length)}</li>}
            </ul>
          )
        }
      </Answer>
    </div>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { decisionsQuery } from "../../api/queries/executions/executions";
import type { Outline } from "../../graph/outline";
import { Answer } from "../../kit/Answer";
import { Chip, Tag } from "../../kit/Chip";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./Side.module.css";

/** Who decided what, when, and how the answer came. */
export function DecisionsPanel({ executionId, outline }: { executionId: string; outline: Outline }) {
  const text = useText(TEXTS);
  const query = useQuery(decisionsQuery(useApi(), executionId));
  return (
    <Answer query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <p className={styles.quietBlock}>{text.noDecision}</p>
        ) : (
          <ul className={styles.decisions} aria-label={text.tabs.decisions}>
            {items.map((decision) => (
              <li key={`${decision.scope} ${decision.state} ${decision.visit} ${decision.user} ${decision.at}`}>
                <p>
                  <Chip tone={decision.action === "rejected" ? "failed" : "done"}>
                    {text.decision(decision.action)}
                  </Chip>{" "}
                  <strong>{decision.user}</strong>
                  {decision.substitute_for !== undefined && ` ${text.decidedFor(decision.substitute_for)}`}{" "}
                  {decision.is_override && <Tag>{text.override}</Tag>}
                </p>
                {decision.comment !== "" && <blockquote className={styles.quote}>{decision.comment}</blockquote>}
                <p className={styles.quiet}>
                  {outline.steps.get(decision.state)?.name ?? decision.state} · {decision.via} ·{" "}
                  <Time at={decision.at} />
                </p>
              </li>
            ))}
          </ul>
        )
      }
    </Answer>
  );
}

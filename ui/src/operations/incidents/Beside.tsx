/** What else an operator looks at: repairs under way, cards that are overdue, schedules that come. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useApi } from "../../api/context";
import { bulksQuery, openCardsQuery, schedulesQuery } from "../../api/queries/operations/operations";
import { Icon } from "../../kit/icons";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { Time, useTimes } from "../../text/time";
import { Progress } from "../bulks/Progress";
import { TEXTS } from "../text";
import styles from "./Incidents.module.css";

const MOST = 3;

export function Beside() {
  return (
    <aside className={styles.beside}>
      <UnderWay />
      <Overdue />
      {useMay("read.definitions") && <Next />}
    </aside>
  );
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.card}>
      <h2 className={styles.cardTitle}>{title}</h2>
      {children}
    </section>
  );
}

function UnderWay() {
  const { beside: text, bulks } = useText(TEXTS);
  const { data } = useInfiniteQuery(bulksQuery(useApi()));
  const running = data?.pages[0]?.items.filter(({ status }) => status === "RUNNING") ?? [];
  if (running.length === 0) return null;
  return (
    <Card title={text.underWay}>
      {running.slice(0, MOST).map((bulk) => (
        <div key={bulk.bulk_id}>
          <Link to="/operations/bulks/$bulkId" params={{ bulkId: bulk.bulk_id }}>
            {bulks.actions[bulk.action]}
          </Link>
          <Progress bulk={bulk} />
        </div>
      ))}
    </Card>
  );
}

function Overdue() {
  const { beside: text } = useText(TEXTS);
  const { now } = useTimes();
  // Not at each tick: the same cards are not asked for again by another name.
  const [before] = useState(now);
  const { data } = useInfiniteQuery(openCardsQuery(useApi(), { due_before: before }, MOST));
  const cards = data?.pages[0]?.items ?? [];
  if (cards.length === 0) return null;
  return (
    <Card title={text.overdue}>
      <ul>
        {cards.map(({ card_id, process_id, workflow_execution_id, recipient, due_on }) => (
          <li key={card_id} className={styles.line}>
            <Icon name="person" size={16} />
            <span className={styles.cut}>
              <Link to="/executions/$executionId" params={{ executionId: workflow_execution_id }} preload={false}>
                {process_id}
              </Link>{" "}
              {recipient}
            </span>
            {due_on !== null && (
              <span className={styles.late}>
                <Time at={due_on} />
              </span>
            )}
          </li>
        ))}
      </ul>
      <Link to="/operations/cards" search={{ show: "overdue" }}>
        {text.allOverdue}
      </Link>
    </Card>
  );
}

function Next() {
  const { beside: text } = useText(TEXTS);
  const items = useQuery(schedulesQuery(useApi())).data?.items ?? [];
  const next = items
    .filter(({ status, next_on }) => status === "ACTIVE" && next_on !== null)
    .toSorted((a, b) => (a.next_on ?? 0) - (b.next_on ?? 0))
    .slice(0, MOST);
  if (next.length === 0) return null;
  return (
    <Card title={text.nextSchedules}>
      <ul>
        {next.map(({ workflow_id, workflow_name, next_on }) => (
          <li key={workflow_id} className={styles.line}>
            <Icon name="calendar" size={16} />
            <span className={styles.cut}>
              <Link to="/operations/schedules" search={{ of: workflow_id }}>
                {workflow_name}
              </Link>
            </span>
            {next_on !== null && <Time at={next_on} />}
          </li>
        ))}
      </ul>
    </Card>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { workflowFiguresQuery } from "../../api/queries/workflows/workflows";
import { Answer } from "../../kit/Answer";
import { Section } from "../../kit/Page";
import { durationText } from "../../text/durations";
import { useLanguage, useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./overview.module.css";

const DAY_MS = 24 * 3_600_000;
const DAYS = 30;

/** How a workflow did in the last 30 days, whole days of UTC. */
export function Numbers({ workflowId }: { workflowId: string }) {
  const { overview: text } = useText(TEXTS);
  const language = useLanguage();
  const { formats, now } = useTimes();
  const to = Math.floor(now / DAY_MS) * DAY_MS + DAY_MS;
  const query = useQuery(workflowFiguresQuery(useApi(), workflowId, { from: to - DAYS * DAY_MS, to }));
  return (
    <Section
      title={text.numbers}
      action={
        <Link to="/insights" search={{ of: workflowId }} preload={false}>
          {text.insights}
        </Link>
      }
    >
      <Answer query={query} rows={1}>
        {({ workflows }) => {
          const totals = workflows.find(({ workflow_id: id }) => id === workflowId);
          if (totals === undefined) return <p>{text.noNumbers}</p>;
          const { started, completed, failed, duration } = totals;
          return (
            <dl className={styles.figures}>
              <Figure name={text.started} value={formats.number(started)} />
              <Figure name={text.completed} value={formats.number(completed)} />
              <Figure name={text.failed} value={formats.number(failed)} />
              <Figure name={text.median} value={duration.p50 === null ? "–" : durationText(language, duration.p50)} />
            </dl>
          );
        }}
      </Answer>
    </Section>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

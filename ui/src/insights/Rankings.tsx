/** The slowest steps, those that are tried again most, and the busiest workflows. */

import type { Statistics } from "../api/queries/insights";
import { durationText } from "../text/durations";
import { useLanguage, useText } from "../text/language";
import { useTimes } from "../text/time";
import { type Bar, Bars } from "./charts/Bars";
import { ChartCard } from "./charts/ChartCard";
import { greatest } from "./figures";
import styles from "./Insights.module.css";
import { TEXTS } from "./text";
import { useStepNames } from "./use-step-names";

type Step = Statistics["steps"][number];

/** A table shows more than the chart. */
const MOST_ROWS = 50;

export function Rankings({ statistics }: { statistics: Statistics }) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const language = useLanguage();
  const { steps, workflows } = statistics;
  const long = (ms: number | null): string => (ms === null ? "" : durationText(language, ms));
  const slow = greatest(steps, ({ duration }) => duration.p50, MOST_ROWS);
  const retried = greatest(steps, (step) => step.retried, MOST_ROWS);
  const busy = greatest(workflows, ({ started }) => started, MOST_ROWS);
  const nameOf = useStepNames([...slow.slice(0, 5), ...retried.slice(0, 5)]);
  const workflowOf = (id: string): string =>
    workflows.find(({ workflow_id }) => workflow_id === id)?.workflow_name ?? id;
  const barOf = (step: Step, value: number, shown: string): Bar => ({
    id: `${step.workflow_id} ${step.state}`,
    name: nameOf(step),
    hint: workflowOf(step.workflow_id),
    value,
    text: shown,
    search: { workflow: [step.workflow_id] },
  });
  return (
    <div className={styles.three}>
      <ChartCard
        title={text.slowest}
        hint={text.slowestHint}
        table={{
          head: [text.step, text.workflow, text.half, text.most, text.visits],
          rows: slow.map((step) => [
            nameOf(step),
            workflowOf(step.workflow_id),
            long(step.duration.p50),
            long(step.duration.p95),
            formats.number(step.n),
          ]),
        }}
      >
        <Bars
          label={text.slowest}
          color="first"
          bars={slow.slice(0, 5).map((step) => barOf(step, step.duration.p50 ?? 0, long(step.duration.p50)))}
        />
      </ChartCard>
      <ChartCard
        title={text.retried}
        hint={text.retriedHint}
        table={{
          head: [text.step, text.workflow, text.repeats, text.failedAttempts, text.visits],
          rows: retried.map((step) => [
            nameOf(step),
            workflowOf(step.workflow_id),
            formats.number(step.retried),
            formats.number(step.failed),
            formats.number(step.n),
          ]),
        }}
        empty={text.noRetry}
      >
        <Bars
          label={text.retried}
          color="third"
          bars={retried.slice(0, 5).map((step) => barOf(step, step.retried, formats.number(step.retried)))}
        />
      </ChartCard>
      <ChartCard
        title={text.busiest}
        hint={text.busiestHint}
        table={{
          head: [text.workflow, text.startedHead, text.completed, text.failed, text.half],
          rows: busy.map((each) => [
            each.workflow_name ?? each.workflow_id,
            formats.number(each.started),
            formats.number(each.completed),
            formats.number(each.failed),
            long(each.duration.p50),
          ]),
        }}
      >
        <Bars
          label={text.busiest}
          color="second"
          bars={busy.slice(0, 5).map(({ workflow_id, workflow_name, started }) => ({
            id: workflow_id,
            name: workflow_name ?? workflow_id,
            value: started,
            text: formats.number(started),
            search: { workflow: [workflow_id] },
          }))}
        />
      </ChartCard>
    </div>
  );
}

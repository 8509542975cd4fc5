/** The slowest steps, those that are tried again most, and the busiest workflows. */

import type { Statistics } from "../api/queries/insights/statistics";
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
const MOST_BARS = 5;

interface RankingProps {
  statistics: Statistics;
}

export function Rankings({ statistics }: RankingProps) {
  return (
    <div className={styles.three}>
      <Slowest statistics={statistics} />
      <Retried statistics={statistics} />
      <Busiest statistics={statistics} />
    </div>
  );
}

function Slowest({ statistics }: RankingProps) {
  const { text, formats, long } = useWords();
  const steps = greatest(statistics.steps, ({ duration }) => duration.p50, MOST_ROWS);
  const { nameOf, workflowOf, barOf } = useSteps(statistics, steps);
  return (
    <ChartCard
      title={text.slowest}
      hint={text.slowestHint}
      table={{
        head: [text.step, text.workflow, text.half, text.most, text.visits],
        rows: steps.map((step) => [
          nameOf(step),
          workflowOf(step),
          long(step.duration.p50),
          long(step.duration.p95),
          formats.number(step.n),
        ]),
      }}
    >
      <Bars
        label={text.slowest}
        color="first"
        bars={steps.slice(0, MOST_BARS).map((step) => barOf(step, step.duration.p50 ?? 0, long(step.duration.p50)))}
      />
    </ChartCard>
  );
}

function Retried({ statistics }: RankingProps) {
  const { text, formats } = useWords();
  const steps = greatest(statistics.steps, ({ retried }) => retried, MOST_ROWS);
  const { nameOf, workflowOf, barOf } = useSteps(statistics, steps);
  return (
    <ChartCard
      title={text.retried}
      hint={text.retriedHint}
      table={{
        head: [text.step, text.workflow, text.repeats, text.failedAttempts, text.visits],
        rows: steps.map((step) => [
          nameOf(step),
          workflowOf(step),
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
        bars={steps.slice(0, MOST_BARS).map((step) => barOf(step, step.retried, formats.number(step.retried)))}
      />
    </ChartCard>
  );
}

function Busiest({ statistics }: RankingProps) {
  const { text, formats, long } = useWords();
  const workflows = greatest(statistics.workflows, ({ started }) => started, MOST_ROWS);
  return (
    <ChartCard
      title={text.busiest}
      hint={text.busiestHint}
      table={{
        head: [text.workflow, text.startedHead, text.completed, text.failed, text.half],
        rows: workflows.map((each) => [
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
        bars={workflows.slice(0, MOST_BARS).map(({ workflow_id, workflow_name, started }) => ({
          id: workflow_id,
          name: workflow_name ?? workflow_id,
          value: started,
          text: formats.number(started),
          search: { workflow: [workflow_id] },
        }))}
      />
    </ChartCard>
  );
}

function useWords() {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const language = useLanguage();
  const long = (ms: number | null): string => (ms === null ? "" : durationText(language, ms));
  return { text, formats, long };
}

/** How steps are named, and the bar of one; its link leads to the executions of its workflow. */
function useSteps({ workflows }: Statistics, steps: readonly Step[]) {
  const nameOf = useStepNames(steps.slice(0, MOST_BARS));
  const workflowOf = ({ workflow_id: id }: Step): string =>
    workflows.find(({ workflow_id }) => workflow_id === id)?.workflow_name ?? id;
  const barOf = (step: Step, value: number, text: string): Bar => ({
    id: `${step.workflow_id} ${step.state}`,
    name: nameOf(step),
    hint: workflowOf(step),
    value,
    text,
    search: { workflow: [step.workflow_id] },
  });
  return { nameOf, workflowOf, barOf };
}

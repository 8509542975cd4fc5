/** How long people take to decide, by step. */

import type { Statistics } from "../api/queries/insights/statistics";
import { durationText } from "../text/durations";
import { useLanguage, useText } from "../text/language";
import { useTimes } from "../text/time";
import { Bars } from "./charts/Bars";
import { ChartCard } from "./charts/ChartCard";
import { greatest } from "./figures";
import { TEXTS } from "./text";
import { useStepNames } from "./use-step-names";

type Approval = Statistics["approvals"][number];

export function Approvals({ statistics, before }: { statistics: Statistics; before: Statistics | null }) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const language = useLanguage();
  const long = (ms: number | null | undefined): string =>
    ms === null || ms === undefined ? "" : durationText(language, ms);
  const rows = greatest(statistics.approvals, ({ n }) => n, 50);
  const slowest = greatest(statistics.approvals, ({ duration }) => duration.p50);
  const nameOf = useStepNames(slowest);
  const beforeOf = ({ workflow_id, state }: Approval): Approval | undefined =>
    before?.approvals.find((each) => each.workflow_id === workflow_id && each.state === state);
  return (
    <ChartCard
      title={text.approvals}
      hint={text.approvalsHint}
      empty={text.noApproval}
      table={{
        head: [text.step, text.half, text.most, text.halfBefore, text.decided, text.timedOut, text.escalated],
        rows: rows.map((each) => [
          nameOf(each),
          long(each.duration.p50),
          long(each.duration.p95),
          long(beforeOf(each)?.duration.p50),
          formats.number(each.n),
          formats.number(each.timed_out),
          formats.number(each.escalated),
        ]),
      }}
    >
      <Bars
        label={text.approvals}
        color="second"
        bars={slowest.map(({ workflow_id, state, duration }) => ({
          id: `${workflow_id} ${state}`,
          name: nameOf({ workflow_id, state }),
          value: duration.p50 ?? 0,
          text: text.halfAndMost(long(duration.p50), long(duration.p95)),
          search: { workflow: [workflow_id] },
        }))}
      />
    </ChartCard>
  );
}

/** How many executions were open at the end of each hour or day. */

import type { Statistics } from "../api/queries/insights/statistics";
import { useText } from "../text/language";
import { useTimes } from "../text/time";
import { ChartCard } from "./charts/ChartCard";
import { Columns } from "./charts/Columns";
import type { Series } from "./charts/chart";
import { useSlots } from "./charts/use-slots";
import { openAtEnds } from "./figures";
import { bucketsOf, type Span } from "./span";
import { TEXTS } from "./text";

interface OpenOverTimeProps {
  statistics: Statistics;
  /** Whether these are the figures of this span and workflow, not those that were shown before. */
  isFresh: boolean;
  span: Span;
  workflow: string | undefined;
}

export function OpenOverTime({ statistics, isFresh, span, workflow }: OpenOverTimeProps) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  // The history finds executions by when they began, not by when they were open.
  const slots = useSlots(span, workflow).map((slot) => ({ ...slot, search: null }));
  // What is open is known for the present alone, so the past can be counted back to only where nothing is left out.
  const isKnown = span.to > now;
  const open = isFresh && isKnown ? statistics.open : null;
  const values =
    open === null ? [] : openAtEnds(open.RUNNING + open.WAITING + open.FAILED, statistics.buckets, bucketsOf(span));
  const series: Series[] = [{ name: text.open, color: "second", values }];
  return (
    <ChartCard
      title={text.openOverTime}
      hint={span.bucket === "hour" ? text.endOfHour : text.endOfDay}
      empty={isKnown ? "" : text.openUnknown}
      table={{
        head: [text.when, text.open],
        rows: values.map((value, at) => [slots[at]?.name ?? "", formats.number(value)]),
      }}
    >
      <Columns label={text.openOverTime} slots={slots} series={series} />
    </ChartCard>
  );
}

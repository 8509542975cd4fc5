/** How many executions were open at the end of each hour or day. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/context";
import type { Statistics } from "../api/queries/insights/statistics";
import { countsQuery } from "../api/queries/operations/operations";
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
  span: Span;
  workflow: string | undefined;
}

export function OpenOverTime({ statistics, span, workflow }: OpenOverTimeProps) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const slots = useSlots(span, workflow);
  const counts = useQuery(countsQuery(useApi(), workflow)).data?.item.open;
  const open = counts === undefined ? 0 : counts.RUNNING + counts.WAITING + counts.FAILED;
  // What is open is known for the present alone, so the past can be counted back to only where nothing is left out.
  const isKnown = counts !== undefined && span.to > now;
  const values = isKnown ? openAtEnds(open, statistics.buckets, bucketsOf(span)) : [];
  const series: Series[] = [{ name: text.open, color: "second", values }];
  return (
    <ChartCard
      title={text.openOverTime}
      hint={span.bucket === "hour" ? text.endOfHour : text.endOfDay}
      empty={counts === undefined ? "" : text.openUnknown}
      table={{
        head: [text.when, text.open],
        rows: values.map((value, at) => [slots[at]?.name ?? "", formats.number(value)]),
      }}
    >
      <Columns label={text.openOverTime} slots={slots} series={series} />
    </ChartCard>
  );
}

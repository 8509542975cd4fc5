/** What ended in each hour or day, and how long it took. */

import type { Statistics } from "../api/queries/insights/statistics";
import { durationText } from "../text/durations";
import { useLanguage, useText } from "../text/language";
import { useTimes } from "../text/time";
import { ChartCard } from "./charts/ChartCard";
import { Columns } from "./charts/Columns";
import type { Line, Series } from "./charts/chart";
import { Lines } from "./charts/Lines";
import { useSlots } from "./charts/use-slots";
import styles from "./Insights.module.css";
import { bucketsOf, type Span, spanBefore } from "./span";
import { TEXTS } from "./text";

interface OverTimeProps {
  statistics: Statistics;
  before: Statistics | null;
  span: Span;
  workflow: string | undefined;
}

type Bucket = Statistics["buckets"][number];

export function OverTime({ statistics, before, span, workflow }: OverTimeProps) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const language = useLanguage();
  const slots = useSlots(span, workflow);
  const buckets = bucketAtEach(span, statistics);
  const earlier = before === null ? null : bucketAtEach(spanBefore(span), before);
  const of = (read: (bucket: Bucket) => number): number[] => buckets.map((each) => (each === null ? 0 : read(each)));
  const series: Series[] = [
    { name: text.completed, color: "first", values: of(({ completed }) => completed) },
    { name: text.terminated, color: "fourth", values: of(({ terminated }) => terminated) },
    { name: text.failed, color: "third", values: of(({ failed }) => failed) },
  ];
  const lines: Line[] = [
    { name: text.half, color: "first", values: buckets.map((each) => each?.duration.p50 ?? null) },
    { name: text.most, color: "second", values: buckets.map((each) => each?.duration.p95 ?? null) },
    ...(earlier === null
      ? []
      : [
          {
            name: text.halfBefore,
            color: "fourth" as const,
            isDashed: true,
            values: earlier.map((each) => each?.duration.p50 ?? null),
          },
        ]),
  ];
  const hasAny = statistics.buckets.length > 0;
  const started = of((bucket) => bucket.started);
  const long = (value: number | null | undefined): string =>
    value === null || value === undefined ? "" : durationText(language, value);
  return (
    <div className={styles.wideAndNarrow}>
      <ChartCard
        title={span.bucket === "hour" ? text.anHour : text.aDay}
        legend={series}
        table={{
          head: [text.when, text.startedHead, ...series.map(({ name }) => name)],
          rows: hasAny
            ? slots.map(({ name }, at) => [
                name,
                ...[started, ...series.map(({ values }) => values)].map((values) => formats.number(values[at] ?? 0)),
              ])
            : [],
        }}
      >
        <Columns label={span.bucket === "hour" ? text.anHour : text.aDay} slots={slots} series={series} />
      </ChartCard>
      <ChartCard
        title={text.howLong}
        legend={lines}
        table={{
          head: [text.when, ...lines.map(({ name }) => name)],
          rows: hasAny ? slots.map(({ name }, at) => [name, ...lines.map(({ values }) => long(values[at]))]) : [],
        }}
      >
        <Lines label={text.howLongLabel} slots={slots} lines={lines} />
      </ChartCard>
    </div>
  );
}

/** Returns a bucket for each time of a span; null where nothing happened. */
function bucketAtEach(span: Span, { buckets }: Statistics): (Bucket | null)[] {
  const found = new Map(buckets.map((bucket) => [bucket.on, bucket]));
  return bucketsOf(span).map((on) => found.get(on) ?? null);
}

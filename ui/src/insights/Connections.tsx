/** How often systems were called, and how often they failed: by the connection that the steps name. */

import type { Statistics } from "../api/queries/insights/statistics";
import { durationText } from "../text/durations";
import { useLanguage, useText } from "../text/language";
import { useTimes } from "../text/time";
import { Bars } from "./charts/Bars";
import { ChartCard } from "./charts/ChartCard";
import { greatest, shareOf } from "./figures";
import { TEXTS } from "./text";
import { usePercent } from "./use-percent";

export function Connections({ statistics }: { statistics: Statistics }) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const language = useLanguage();
  const percent = usePercent();
  const long = (ms: number | null): string => (ms === null ? "" : durationText(language, ms));
  const rows = greatest(statistics.connections, ({ calls }) => calls, 50);
  return (
    <ChartCard
      title={text.systems}
      hint={text.systemsHint}
      empty={text.noSystem}
      table={{
        head: [text.connection, text.calls, text.failedAttempts, text.share, text.repeats, text.half, text.most],
        rows: rows.map(({ connection, calls, failed, retried, duration }) => [
          connection,
          formats.number(calls),
          formats.number(failed),
          percent.plain(shareOf(failed, calls) ?? 0),
          formats.number(retried),
          long(duration.p50),
          long(duration.p95),
        ]),
      }}
    >
      <Bars
        label={text.systems}
        color="first"
        bars={rows.slice(0, 5).map(({ connection, workflow_ids, calls, failed, duration }) => ({
          id: connection,
          name: connection,
          value: calls,
          text: text.callsOf(formats.number(calls), formats.number(failed), long(duration.p95)),
          search: { workflow: workflow_ids },
        }))}
      />
    </ChartCard>
  );
}

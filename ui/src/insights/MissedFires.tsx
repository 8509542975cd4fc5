/** Schedules that could not fire in time. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { schedulesQuery } from "../api/queries/operations/operations";
import { useText } from "../text/language";
import { useTimes } from "../text/time";
import { Bars } from "./charts/Bars";
import { ChartCard } from "./charts/ChartCard";
import { greatest } from "./figures";
import { TEXTS } from "./text";

export function MissedFires() {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const schedules = useQuery(schedulesQuery(useApi())).data?.items ?? [];
  const missed = greatest(schedules, ({ missed_count }) => missed_count, 50);
  return (
    <ChartCard
      title={text.missed}
      hint={text.missedHint}
      empty={text.noneMissed}
      table={{
        head: [text.workflow, text.missedHead, text.lastMissed],
        rows: missed.map(({ workflow_name, missed_count, missed_on }) => [
          workflow_name,
          formats.number(missed_count),
          missed_on === null ? "" : formats.instant(missed_on),
        ]),
      }}
    >
      <Bars
        label={text.missed}
        color="third"
        bars={missed.slice(0, 5).map(({ workflow_id, workflow_name, missed_count }) => ({
          id: workflow_id,
          name: workflow_name,
          value: missed_count,
          text: formats.number(missed_count),
          search: { workflow: [workflow_id] },
        }))}
      />
    </ChartCard>
  );
}

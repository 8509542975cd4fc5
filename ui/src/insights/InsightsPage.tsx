/** What happened: how much started, completed and failed, how long it took, and which steps are slow or tried again. */

import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useApi } from "../api/context";
import { workflowNamesQuery } from "../api/queries/executions/executions";
import { statisticsQuery } from "../api/queries/insights/statistics";
import { Answer } from "../kit/Answer";
import { Page } from "../kit/Page";
import { Guarded } from "../session/Guarded";
import { useMay } from "../session/session";
import { useText } from "../text/language";
import { useTimes } from "../text/time";
import { Dashboard } from "./Dashboard";
import { Filters } from "./Filters";
import { type InsightsSearch, type Span, spanBefore, spanOf } from "./span";
import { TEXTS } from "./text";

export function InsightsPage() {
  return (
    <Guarded permission="read.executions">
      <Insights />
    </Guarded>
  );
}

function Insights() {
  const text = useText(TEXTS);
  const search: InsightsSearch = useSearch({ from: "/shell/insights" });
  const span = useSpan(search);
  const query = useStatistics(span, search.of);
  const before = useStatistics(spanBefore(span), search.of, search.alone !== true);
  const { data: names } = useQuery({ ...workflowNamesQuery(useApi()), enabled: useMay("read.definitions") });
  return (
    <Page title={text.title} actions={<Filters search={search} names={names ?? new Map()} />}>
      <Answer query={query} rows={8}>
        {(statistics) => (
          <Dashboard
            statistics={statistics}
            before={search.alone === true ? null : (before.data ?? null)}
            isFresh={!query.isPlaceholderData}
            span={span}
            workflow={search.of}
          />
        )}
      </Answer>
    </Page>
  );
}

/** Returns the span of the address. It stays the same until the next bucket begins. */
function useSpan(search: InsightsSearch): Span {
  const { now } = useTimes();
  const { from, to, bucket } = spanOf(search, now);
  return useMemo(() => ({ from, to, bucket }), [from, to, bucket]);
}

function useStatistics(span: Span, workflow: string | undefined, isEnabled = true) {
  const input = { ...span, ...(workflow !== undefined && { workflow_id: workflow }) };
  return useQuery({ ...statisticsQuery(useApi(), input), enabled: isEnabled });
}

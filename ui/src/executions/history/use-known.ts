/** What the screen knows of executions, for filters and for words of the search field. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi } from "../../api/context";
import { type ExecutionRow, workflowNamesQuery } from "../../api/queries/executions/executions";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import type { HistorySearch } from "./history-search";
import { daysOf, type Known } from "./suggestions";
import { useFields } from "./table/columns";

const NONE: ReadonlyMap<string, string> = new Map();

export function useKnown(search: HistorySearch, rows: readonly ExecutionRow[]): Known {
  const { history: text, statuses } = useText(TEXTS);
  const { now } = useTimes();
  const { data: workflows = NONE } = useQuery({
    ...workflowNamesQuery(useApi()),
    enabled: useMay("read.definitions"),
  });
  const fields = useFields(rows);
  const chosen = search.profile;
  const names = [...new Set([...(chosen ?? []), ...rows.flatMap(({ profile }) => profile ?? [])])].toSorted();
  const key = JSON.stringify(names);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same names are the same list, whatever rows they are of
  const profiles = useMemo(() => names, [key]);
  return useMemo(
    () => ({ statuses, triggers: text.triggers, workflows, profiles, fields, days: daysOf(now, text.daysAgo) }),
    [statuses, text, workflows, profiles, fields, now],
  );
}

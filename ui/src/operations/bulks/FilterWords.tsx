/** The filter of a bulk in words. It is frozen when the bulk starts. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { workflowNamesQuery } from "../../api/queries/executions";
import type { Bulk } from "../../api/queries/operations";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";

export function FilterWords({ filter }: { filter: Bulk["filter"] }) {
  const { bulks: text } = useText(TEXTS);
  const { formats } = useTimes();
  const { data: names } = useQuery({ ...workflowNamesQuery(useApi()), enabled: useMay("read.definitions") });
  const { workflow_id: id, workflow_version: version, status = [], from, to, process_id = [] } = filter;
  const { incident_code: codes = [], incident_state: steps = [] } = filter;
  const words = [
    ...(id === undefined ? [] : [names?.get(id) ?? id]),
    ...(version === undefined ? [] : [text.version(version)]),
    ...codes,
    ...steps.filter(Boolean).map(text.atStep),
    ...process_id,
    ...(from === undefined ? [] : [text.from(formats.instant(from))]),
    ...(to === undefined ? [] : [text.to(formats.instant(to))]),
    ...(codes.length === 0 ? status.map((each) => text.statuses[each]) : []),
  ];
  return <span>{words.join(" · ") || text.everything}</span>;
}

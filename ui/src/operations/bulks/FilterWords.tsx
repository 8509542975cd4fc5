/** What selects the executions of a bulk in words. It is frozen when the bulk starts. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { workflowNamesQuery } from "../../api/queries/executions/executions";
import type { Bulk, BulkFilter } from "../../api/queries/operations/operations";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import type { Selection } from "./plan";

/** What a bulk selected when it was started. */
export function BulkWords({ bulk: { executions, filter } }: { bulk: Bulk }) {
  const { bulks: text } = useText(TEXTS);
  return executions === null ? <FilterWords filter={filter} /> : <span>{text.chosen(executions)}</span>;
}

/** What a bulk would select. */
export function SelectionWords({ selection }: { selection: Selection }) {
  const { bulks: text } = useText(TEXTS);
  return "ids" in selection ? (
    <span>{text.chosen(selection.ids.length)}</span>
  ) : (
    <FilterWords filter={selection.filter} />
  );
}

function FilterWords({ filter }: { filter: BulkFilter | Bulk["filter"] }) {
  const { bulks: text } = useText(TEXTS);
  const { formats } = useTimes();
  const { data: names } = useQuery({ ...workflowNamesQuery(useApi()), enabled: useMay("read.definitions") });
  const { workflow_id: id, workflow_version: version, status = [], from, to, process_id = [] } = filter;
  const { incident_code: codes = [], incident_kind: kinds = [], incident_state: steps = [] } = filter;
  const { workflow_trigger_type: trigger } = filter;
  const words = [
    ...(id === undefined ? [] : [names?.get(id) ?? id]),
    ...(version === undefined || version === null ? [] : [text.version(version)]),
    ...(trigger === undefined || trigger === "" ? [] : [text.triggers[trigger]]),
    ...codes,
    ...kinds.map((each) => text.kinds[each]),
    ...steps.map((each) => (each === "" ? text.atNoStep : text.atStep(each))),
    ...process_id,
    ...(typeof from === "number" ? [text.from(formats.instant(from))] : []),
    ...(typeof to === "number" ? [text.to(formats.instant(to))] : []),
    ...(codes.length === 0 ? status.map((each) => text.statuses[each]) : []),
  ];
  return <span>{words.join(" · ") || text.everything}</span>;
}

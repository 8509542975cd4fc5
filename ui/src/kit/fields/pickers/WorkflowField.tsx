/** A workflow of the organization, and which of its versions. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi } from "../../../api/context";
import { type WorkflowChoice, workflowChoicesQuery } from "../../../api/queries/kit/choices";
import { useText } from "../../../text/language";
import { ChoiceField } from "../ChoiceField";
import type { FieldProps } from "../field";
import { TEXTS } from "../text";
import { useNewer } from "./use-newer";

interface WorkflowFieldProps {
  workflow: FieldProps;
  version: FieldProps;
}

const LATEST = "latest";

export function WorkflowField({ workflow, version }: WorkflowFieldProps) {
  const { workflow: text } = useText(TEXTS);
  const choices = useQuery(workflowChoicesQuery(useApi()));
  const { data } = choices;
  const names = useMemo(() => namesOf(data ?? []), [data]);
  useNewer(choices, workflow.value, typeof workflow.value === "string" && names.has(workflow.value));
  const versions = (data ?? [])
    .filter(({ workflow_id }) => workflow_id === workflow.value)
    .map(({ workflow_version }) => String(workflow_version));
  return (
    <>
      <ChoiceField
        {...workflow}
        options={[...names].map(([value, label]) => ({ value, label }))}
        isComputable
        isRequired
      />
      <ChoiceField
        {...version}
        fallback={LATEST}
        options={[{ value: LATEST, label: text.latest }, ...versions.map((each) => ({ value: each, label: each }))]}
        onChange={(value) => version.onChange(typeof value === "string" && value !== LATEST ? Number(value) : value)}
      />
    </>
  );
}

/** Returns the name of each workflow by its id, that of its newest version. */
export function namesOf(rows: readonly WorkflowChoice[]): ReadonlyMap<string, string> {
  const sorted = rows.toSorted((a, b) => a.workflow_version - b.workflow_version);
  const names = new Map(sorted.map(({ workflow_id, workflow_name }) => [workflow_id, workflow_name]));
  return new Map([...names].toSorted(([, a], [, b]) => a.localeCompare(b)));
}

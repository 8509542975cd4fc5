import { Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { payloadQuery, profilesQuery, type WorkflowVersion } from "../../api/queries/workflows/workflows";
import { Confirm } from "../../kit/Confirm";
import { JsonField } from "../../kit/json/JsonField";
import { readJson, writeJson } from "../../kit/json/json-text";
import { Note } from "../../kit/Note";
import { EXACT } from "../../shared/exact";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

interface RunDialogProps {
  workflowId: string;
  name: string;
  version: WorkflowVersion;
  onClose: () => void;
}

/** Starts an execution with a body and a profile, and opens it. */
export function RunDialog({ workflowId, name, version, onClose }: RunDialogProps) {
  const { run: text, codes } = useText(TEXTS);
  const api = useApi();
  const sample: unknown = useQuery(payloadQuery(api, workflowId, version.version)).data?.item.workflow_mock_payload;
  // Until it is typed in, the body is the payload that is stored for the version.
  const [typed, setTyped] = useState<string | null>(null);
  const [profile, setProfile] = useState("");
  const [processId, setProcessId] = useState("");
  const body = typed ?? writeJson(sample ?? {});
  const run = useRun(workflowId, version.version, onClose);
  const submit = (): void => {
    const read = readJson(body);
    if (read.fault === null) run.mutate({ body: read.value, profile, processId: processId.trim() });
  };
  return (
    <Confirm
      title={text.title(name)}
      verb={text.verb}
      isBusy={run.isPending}
      error={run.error}
      words={codes}
      onConfirm={submit}
      onClose={onClose}
    >
      {version.status === "DRAFT" && <Note tone="info">{text.draft(version.version)}</Note>}
      <p>{text.hint}</p>
      <JsonField label={text.body} value={body} onChange={setTyped} rows={8} />
      <ProfileField workflowId={workflowId} value={profile} onChange={setProfile} />
      <Field label={text.processId} hint={text.processIdHint}>
        <Input value={processId} maxLength={128} onChange={(_, { value }) => setProcessId(value)} />
      </Field>
    </Confirm>
  );
}

function ProfileField({ workflowId, value, onChange }: ProfileFieldProps) {
  const { run: text, profiles } = useText(TEXTS);
  const found = useQuery(profilesQuery(useApi(), workflowId)).data?.items ?? [];
  if (found.length === 0) return null;
  return (
    <Field label={text.profile}>
      <Select value={value} onChange={(_, { value: chosen }) => onChange(chosen)}>
        <option value="">{text.defaultProfile}</option>
        {found.map(({ name, is_default: isDefault }) => (
          <option key={name} value={name}>
            {isDefault ? `${name} (${profiles.default})` : name}
          </option>
        ))}
      </Select>
    </Field>
  );
}

interface ProfileFieldProps {
  workflowId: string;
  value: string;
  onChange: (name: string) => void;
}

interface Start {
  body: unknown;
  profile: string;
  processId: string;
}

function useRun(workflowId: string, version: number, onDone: () => void) {
  const api = useApi();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: ({ body, profile, processId }: Start) => {
      const query = { ...(profile !== "" && { profile }), ...(processId !== "" && { process_id: processId }) };
      const path = { workflow_id: workflowId, workflow_version: String(version) };
      return api.call("triggerworkflowVersion", body as never, { path, query, codec: EXACT });
    },
    onSuccess: ({ looply_execution_id: executionId }) => {
      onDone();
      if (executionId !== undefined) void navigate({ to: "/executions/$executionId", params: { executionId } });
    },
  });
}

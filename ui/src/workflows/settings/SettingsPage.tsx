/** The settings of a workflow: how long it may take, how many run at once, what is kept, and what happens on a failure. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { type Workflow, workflowQuery } from "../../api/queries/workflows/workflows";
import { Answer } from "../../kit/Answer";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { useVersions, useWorkflowId } from "../versions";
import { SettingsForm } from "./SettingsForm";

export function SettingsPage() {
  const versions = useVersions();
  return versions === null ? null : <Newest version={versions.newest.version} />;
}

function Newest({ version }: { version: number }) {
  const { codes } = useText(TEXTS);
  const query = useQuery(workflowQuery(useApi(), useWorkflowId(), version));
  return (
    <Answer query={query} words={codes} rows={8}>
      {({ item }: { item: Workflow }) => <SettingsForm key={`${item.workflow_id} ${version}`} first={item} />}
    </Answer>
  );
}

/** The workflows of the organization: what runs, what is a draft, what starts them, how they do. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type WorkflowRow, workflowsQuery } from "../../api/queries/workflows/workflows";
import { DataTable } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { useLive } from "../../kit/live";
import { Page } from "../../kit/Page";
import { Pages } from "../../kit/Pages";
import { Guarded, GuardedButton } from "../../session/Guarded";
import { useMay } from "../../session/session";
import { useCommands } from "../../shell/commands/commands";
import { TEXTS as SHELL } from "../../shell/text";
import { useText } from "../../text/language";
import { DeleteWorkflowDialog } from "../DeleteWorkflowDialog";
import { TEXTS } from "../text";
import { filterOf } from "./address";
import { useColumns } from "./columns";
import { Filters } from "./Filters";
import { NoWorkflows } from "./NoWorkflows";

export function WorkflowsPage() {
  return (
    <Guarded permission="read.definitions">
      <Workflows />
    </Guarded>
  );
}

function Workflows() {
  const { list: text } = useText(TEXTS);
  const shell = useText(SHELL);
  const navigate = useNavigate();
  const search = useSearch({ from: "/shell/workflows" });
  const query = useInfiniteQuery(workflowsQuery(useApi(), filterOf(search)));
  useLive(query.refetch);
  const [deleted, setDeleted] = useState<WorkflowRow | null>(null);
  const columns = useColumns(setDeleted);
  const mayEdit = useMay("edit.drafts");
  const create = (): void => void navigate({ to: "/workflows/new" });
  const command = { id: "new-workflow", text: text.create, icon: "workflows", group: shell.groups.here } as const;
  useCommands(mayEdit ? [{ ...command, keys: "n", run: create }] : []);
  return (
    <Page
      title={text.title}
      actions={
        <GuardedButton
          permission="edit.drafts"
          appearance="primary"
          icon={<Icon name="plus" size={16} />}
          onClick={create}
        >
          {text.create}
        </GuardedButton>
      }
    >
      <Filters search={search} />
      <Pages query={query} empty={<NoWorkflows search={search} />}>
        {(rows) => (
          <DataTable label={text.label} columns={columns} rows={rows} keyOf={({ workflow_id }) => workflow_id} />
        )}
      </Pages>
      {deleted !== null && (
        <DeleteWorkflowDialog
          workflowId={deleted.workflow_id}
          name={deleted.workflow_name}
          onClose={() => setDeleted(null)}
        />
      )}
    </Page>
  );
}

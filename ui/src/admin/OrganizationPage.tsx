/** The organization and its workspaces, and new ones. */

import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../api/context";
import { workspacesQuery } from "../api/queries/admin/organizations";
import type { Schema } from "../api/types";
import { Answer } from "../kit/Answer";
import { Chip } from "../kit/Chip";
import { CopyButton } from "../kit/CopyButton";
import { type Column, DataTable } from "../kit/DataTable";
import { Section } from "../kit/Page";
import { Guarded } from "../session/Guarded";
import { useSession } from "../session/session";
import { useChooseOrganization } from "../shell/organizations";
import { useText } from "../text/language";
import { Time } from "../text/time";
import styles from "./admin.module.css";
import { NameDialog } from "./NameDialog";
import { TEXTS } from "./text";

type Workspace = Schema<"WorkspaceRecord">;

export function OrganizationPage() {
  return (
    <Guarded permission="organization">
      <Organization />
      <Workspaces />
    </Guarded>
  );
}

function Organization() {
  const { organization: text } = useText(TEXTS);
  const { organization } = useSession();
  const [isOpen, setIsOpen] = useState(false);
  const button = <Button onClick={() => setIsOpen(true)}>{text.create}</Button>;
  return (
    <Section title={organization.name} hint={text.hint} action={button}>
      <div className={styles.link}>
        <code>{organization.id}</code>
        <CopyButton value={organization.id} label={text.copyId} />
      </div>
      {isOpen && <NameDialog kind="organization" onClose={() => setIsOpen(false)} />}
    </Section>
  );
}

function Workspaces() {
  const { organization: text } = useText(TEXTS);
  const query = useQuery(workspacesQuery(useApi()));
  const columns = useColumns();
  const [isOpen, setIsOpen] = useState(false);
  const button = <Button onClick={() => setIsOpen(true)}>{text.createWorkspace}</Button>;
  return (
    <Section title={text.workspaces} hint={text.workspacesHint} action={button}>
      <Answer query={query}>
        {({ items }) => (
          <DataTable
            label={text.workspaces}
            columns={columns}
            rows={items}
            keyOf={({ workspace_id }) => workspace_id}
          />
        )}
      </Answer>
      {isOpen && <NameDialog kind="workspace" onClose={() => setIsOpen(false)} />}
    </Section>
  );
}

function useColumns(): Column<Workspace>[] {
  const { organization: text } = useText(TEXTS);
  const { organization, workspace_id: current } = useSession();
  const choose = useChooseOrganization();
  return [
    { id: "name", head: text.name, cell: ({ workspace_name }) => workspace_name },
    { id: "id", head: text.id, cell: ({ workspace_id }) => <code className={styles.mono}>{workspace_id}</code> },
    { id: "created", head: text.created, cell: ({ created_on }) => <Time at={created_on} /> },
    {
      id: "choose",
      head: "",
      isRight: true,
      cell: ({ workspace_id: workspaceId, workspace_name }) =>
        workspaceId === current ? (
          <Chip tone="done">{text.here}</Chip>
        ) : (
          <Button
            size="small"
            aria-label={text.workIn(workspace_name)}
            disabled={choose.isPending}
            onClick={() => choose.mutate({ organizationId: organization.id, workspaceId })}
          >
            {text.work}
          </Button>
        ),
    },
  ];
}

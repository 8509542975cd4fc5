import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { WorkflowVersion } from "../../api/queries/workflows/workflows";
import { Chip } from "../../kit/Chip";
import { type Column, DataTable, TableFoot } from "../../kit/DataTable";
import { Section } from "../../kit/Page";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import { RestoreDialog } from "../compare/RestoreDialog";
import { DeleteWorkflowDialog } from "../DeleteWorkflowDialog";
import { StudioLink } from "../StudioLink";
import { TEXTS } from "../text";
import { useVersionsQuery, useWorkflowId, type Versions } from "../versions";
import styles from "../workflows.module.css";

type Open = { act: "restore" | "delete"; version: WorkflowVersion };

/** The versions of a workflow: who made each, what it changed, and the way back to it. */
export function VersionList({ versions }: { versions: Versions }) {
  const { overview: text } = useText(TEXTS);
  const workflowId = useWorkflowId();
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = useVersionsQuery(workflowId);
  const [open, setOpen] = useState<Open | null>(null);
  const columns = useColumns(versions, setOpen);
  const close = (): void => setOpen(null);
  return (
    <Section title={text.versions}>
      <DataTable label={text.versions} columns={columns} rows={versions.all} keyOf={({ version }) => String(version)} />
      {hasNextPage && (
        <TableFoot
          count={versions.all.length}
          hasMore
          isLoading={isFetchingNextPage}
          onMore={() => void fetchNextPage()}
        />
      )}
      {open?.act === "restore" && (
        <RestoreDialog workflowId={workflowId} version={open.version.version} onClose={close} />
      )}
      {open?.act === "delete" && (
        <DeleteWorkflowDialog
          workflowId={workflowId}
          name={open.version.name}
          version={open.version.version}
          onClose={close}
        />
      )}
    </Section>
  );
}

function useColumns(versions: Versions, onOpen: (open: Open) => void): Column<WorkflowVersion>[] {
  const { overview: text, list } = useText(TEXTS);
  const workflowId = useWorkflowId();
  return [
    {
      id: "version",
      head: text.version,
      cell: ({ version }) => (
        <StudioLink workflowId={workflowId} version={version}>
          {text.versionOf(version)}
        </StudioLink>
      ),
    },
    {
      id: "status",
      head: text.status,
      cell: ({ status }) => <Chip tone={status === "ACTIVE" ? "done" : "skipped"}>{text.states[status]}</Chip>,
    },
    {
      id: "by",
      head: list.modified,
      cell: ({ on, by_name, note }) => (
        <span className={styles.cell}>
          <span>
            <Time at={on} /> {by_name}
          </span>
          {note !== "" && <small>{note}</small>}
        </span>
      ),
    },
    {
      id: "changes",
      head: text.changes,
      cell: ({ version, change_count: count }) =>
        count !== null && (
          <Link
            to="/workflows/$workflowId/compare"
            params={{ workflowId }}
            search={{ a: before(versions, version), b: version }}
            preload={false}
          >
            {text.changeCount(count)}
          </Link>
        ),
    },
    {
      id: "act",
      head: "",
      isRight: true,
      cell: (version) => <Acts version={version} isNewest={version === versions.newest} onOpen={onOpen} />,
    },
  ];
}

function Acts({ version, isNewest, onOpen }: ActsProps) {
  const { overview: text } = useText(TEXTS);
  return (
    <span className={styles.buttons}>
      {!isNewest && (
        <GuardedButton
          permission="edit.drafts"
          size="small"
          aria-label={text.restoreOf(version.version)}
          onClick={() => onOpen({ act: "restore", version })}
        >
          {text.restore}
        </GuardedButton>
      )}
      <GuardedButton
        permission="activate"
        size="small"
        appearance="subtle"
        aria-label={text.deleteOf(version.version)}
        onClick={() => onOpen({ act: "delete", version })}
      >
        {text.delete}
      </GuardedButton>
    </span>
  );
}

interface ActsProps {
  version: WorkflowVersion;
  isNewest: boolean;
  onOpen: (open: Open) => void;
}

/** Returns the version with which a version is compared: the one before it, as far as versions are loaded. */
function before({ all }: Versions, version: number): number {
  return all.find((each) => each.version < version)?.version ?? Math.max(1, version - 1);
}

import { Button } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import type { WorkflowRow } from "../../api/queries/workflows/workflows";
import { Chip } from "../../kit/Chip";
import type { Column } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { scheduleText } from "../../kit/trigger/schedule-words";
import { TRIGGER_TEXTS } from "../../kit/trigger/text";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { Time, useTimes } from "../../text/time";
import { StudioLink } from "../StudioLink";
import { TEXTS } from "../text";
import styles from "../workflows.module.css";
import { Sparkline } from "./Sparkline";

/** Returns the columns of the list; numbers only for people who may see executions. */
export function useColumns(onDelete: (row: WorkflowRow) => void): Column<WorkflowRow>[] {
  const { list: text } = useText(TEXTS);
  const mayRead = useMay("read.executions");
  const mayDelete = useMay("activate");
  const numbers: Column<WorkflowRow>[] = [
    { id: "open", head: text.open, cell: (row) => <Open row={row} /> },
    {
      id: "day",
      head: text.lastDay,
      cell: ({ last_day, workflow_name }) => last_day !== null && <Sparkline day={last_day} name={workflow_name} />,
    },
  ];
  return [
    { id: "name", head: text.name, cell: (row) => <Name row={row} /> },
    { id: "versions", head: text.versions, cell: (row) => <Versions row={row} /> },
    { id: "trigger", head: text.trigger, cell: (row) => <Trigger row={row} /> },
    ...(mayRead ? numbers : []),
    { id: "modified", head: text.modified, cell: (row) => <Modified row={row} /> },
    ...(mayDelete
      ? [
          {
            id: "act",
            head: "",
            isRight: true,
            cell: (row: WorkflowRow) => (
              <Button
                size="small"
                appearance="subtle"
                icon={<Icon name="close" size={14} />}
                aria-label={text.deleteOf(row.workflow_name)}
                title={text.deleteOf(row.workflow_name)}
                onClick={() => onDelete(row)}
              />
            ),
          },
        ]
      : []),
  ];
}

function Name({ row: { workflow_id: workflowId, workflow_name } }: { row: WorkflowRow }) {
  return (
    <Link to="/workflows/$workflowId" params={{ workflowId }} preload={false}>
      {workflow_name}
    </Link>
  );
}

function Versions({ row }: { row: WorkflowRow }) {
  const { list: text } = useText(TEXTS);
  const { formats, now } = useTimes();
  const { workflow_id: workflowId, active_version: active, draft } = row;
  return (
    <span className={styles.cell}>
      <span className={styles.chips}>
        {active === null ? <Chip tone="idle">{text.neverActive}</Chip> : <Chip tone="done">{text.active(active)}</Chip>}
        {draft !== null && (
          <StudioLink workflowId={workflowId} version={draft.version}>
            {text.draft(draft.version)}
          </StudioLink>
        )}
      </span>
      {draft !== null && <small>{text.draftBy(draft.by_name ?? "", formats.short(draft.on, now))}</small>}
    </span>
  );
}

function Trigger({ row: { trigger } }: { row: WorkflowRow }) {
  const { list: text } = useText(TEXTS);
  const words = useText(TRIGGER_TEXTS);
  if (trigger === null) return <span className={styles.quiet}>{text.unreadable}</span>;
  const { schedule, status, next_on: next } = trigger;
  if (schedule === null) return words.called;
  return (
    <span className={styles.cell}>
      <span>{scheduleText(schedule, words)}</span>
      {status === "PAUSED" && <Chip tone="skipped">{text.paused}</Chip>}
      {status === "ACTIVE" && next !== null && (
        <small>
          {text.next} <Time at={next} />
        </small>
      )}
    </span>
  );
}

function Open({ row: { workflow_id: workflow, open, incidents } }: { row: WorkflowRow }) {
  const { list: text } = useText(TEXTS);
  if (open === null) return null;
  const count = open.RUNNING + open.WAITING + open.FAILED;
  return (
    <span className={styles.chips}>
      {count > 0 && (
        <Link to="/executions" search={{ workflow: [workflow] }} preload={false}>
          {text.openCount(count)}
        </Link>
      )}
      {incidents !== null && incidents > 0 && <Chip tone="failed">{text.incidents(incidents)}</Chip>}
    </span>
  );
}

function Modified({ row: { modified_on, modified_by_name } }: { row: WorkflowRow }) {
  return (
    <span className={styles.cell}>
      <Time at={modified_on} />
      {modified_by_name && <small>{modified_by_name}</small>}
    </span>
  );
}

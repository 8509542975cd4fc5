/** The live schedules: the next fire and the last, what was missed, and pause. */

import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type Schedule, schedulesQuery } from "../../api/queries/operations/operations";
import { Answer } from "../../kit/Answer";
import { Chip } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { Empty } from "../../kit/states/Empty";
import { Guarded } from "../../session/Guarded";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import styles from "../operations.module.css";
import { TEXTS } from "../text";
import { Calendar } from "./Calendar";
import { Fires } from "./Fires";
import { RunDialog } from "./RunDialog";
import { ToggleDialog } from "./ToggleDialog";

export function SchedulesPage() {
  return (
    <Guarded permission="read.definitions">
      <Ways />
      <Schedules />
    </Guarded>
  );
}

/** The schedules as a table or as a calendar; past fires are shown to who may see executions. */
function Ways() {
  const { schedules: text } = useText(TEXTS);
  const { show } = useSearch({ from: "/shell/operations/schedules" });
  const ways = [
    { id: "table", text: text.asTable, search: {}, isCurrent: show === undefined },
    { id: "calendar", text: text.asCalendar, search: { show: "calendar" as const }, isCurrent: show === "calendar" },
  ];
  return (
    <nav className={`${styles.tools} ${styles.choices}`} aria-label={text.ways}>
      {ways.map((way) => (
        <Link
          key={way.id}
          to="/operations/schedules"
          search={way.search}
          className={styles.choice}
          aria-current={way.isCurrent ? "true" : undefined}
          activeOptions={{ exact: true, includeSearch: true }}
          replace
        >
          {way.text}
        </Link>
      ))}
    </nav>
  );
}

function Schedules() {
  const { schedules: text } = useText(TEXTS);
  const { of: workflow, show } = useSearch({ from: "/shell/operations/schedules" });
  const query = useQuery(schedulesQuery(useApi()));
  const [toggling, setToggling] = useState<Schedule | null>(null);
  const [starting, setStarting] = useState<Schedule | null>(null);
  const columns = useColumns(workflow, setToggling, setStarting);
  const chosen = query.data?.items.find(({ workflow_id }) => workflow_id === workflow);
  return (
    <>
      <Answer query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="calendar" title={text.empty}>
              {text.emptyHint}
            </Empty>
          ) : (
            <>
              {show === "calendar" && <Calendar />}
              <DataTable
                label={text.label}
                columns={columns}
                rows={items}
                keyOf={({ workflow_id }) => workflow_id}
                isDimmed={({ status }) => status === "PAUSED"}
              />
            </>
          )
        }
      </Answer>
      {show === undefined && chosen !== undefined && <Fires key={chosen.workflow_id} schedule={chosen} />}
      {toggling !== null && <ToggleDialog schedule={toggling} onClose={() => setToggling(null)} />}
      {starting !== null && <RunDialog schedule={starting} onClose={() => setStarting(null)} />}
    </>
  );
}

function useColumns(
  chosen: string | undefined,
  onToggle: (schedule: Schedule) => void,
  onRun: (schedule: Schedule) => void,
): Column<Schedule>[] {
  const { schedules: text } = useText(TEXTS);
  const navigate = useNavigate();
  const mayRepair = useMay("repair");
  const mayExecute = useMay("execute");
  const show = (workflow: string): void =>
    void navigate({
      to: "/operations/schedules",
      search: workflow === chosen ? {} : { of: workflow },
      replace: true,
    });
  return [
    { id: "workflow", head: text.workflow, cell: ({ workflow_name }) => workflow_name },
    {
      id: "status",
      head: text.status,
      cell: ({ status }) => <Chip tone={status === "ACTIVE" ? "running" : "skipped"}>{text.states[status]}</Chip>,
    },
    { id: "next", head: text.next, cell: ({ next_on }) => next_on !== null && <Time at={next_on} /> },
    { id: "last", head: text.last, cell: (schedule) => <Last schedule={schedule} /> },
    { id: "missed", head: text.missed, cell: (schedule) => <Missed schedule={schedule} /> },
    {
      id: "act",
      head: "",
      isRight: true,
      cell: (schedule) => (
        <span className={styles.buttons}>
          <Button
            size="small"
            aria-expanded={schedule.workflow_id === chosen}
            aria-label={text.firesOf(schedule.workflow_name)}
            onClick={() => show(schedule.workflow_id)}
          >
            {text.fires}
          </Button>
          {mayRepair && (
            <Button
              size="small"
              aria-label={text.toggleOf(schedule.status, schedule.workflow_name)}
              onClick={() => onToggle(schedule)}
            >
              {text.toggle[schedule.status]}
            </Button>
          )}
          {mayExecute && (
            <Button size="small" aria-label={text.runOf(schedule.workflow_name)} onClick={() => onRun(schedule)}>
              {text.run}
            </Button>
          )}
        </span>
      ),
    },
  ];
}

function Last({ schedule: { last_on, last_execution_id } }: { schedule: Schedule }) {
  if (last_on === null) return null;
  if (last_execution_id === null) return <Time at={last_on} />;
  return (
    <Link to="/executions/$executionId" params={{ executionId: last_execution_id }} preload={false}>
      <Time at={last_on} />
    </Link>
  );
}

function Missed({ schedule: { missed_count, missed_on } }: { schedule: Schedule }) {
  const { schedules: text } = useText(TEXTS);
  if (missed_count === 0) return null;
  return (
    <span className={styles.cell}>
      <Chip tone="retry" icon="warning">
        {text.missedCount(missed_count)}
      </Chip>
      {missed_on !== null && (
        <small>
          {text.missedSince} <Time at={missed_on} />
        </small>
      )}
    </span>
  );
}

/** The instants of one schedule: those that come, as the clocks will show them, and what came of those that passed. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { firesQuery, nextFiresQuery, type Schedule } from "../../api/queries/operations/operations";
import type { AnswerOf } from "../../api/types";
import { Answer } from "../../kit/Answer";
import { Chip, type Tone } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { Section } from "../../kit/Page";
import { Pages } from "../../kit/Pages";
import { useText } from "../../text/language";
import { Time, useTimes } from "../../text/time";
import styles from "../operations.module.css";
import { TEXTS } from "../text";

type Fire = AnswerOf<"getScheduleFires">["items"][number];
type NextFire = AnswerOf<"previewSchedule">["items"][number];

const TONES: Readonly<Record<Fire["outcome"], Tone>> = {
  STARTED: "done",
  CAUGHT_UP: "done",
  QUEUED: "waiting",
  SKIPPED: "skipped",
  REFUSED: "failed",
  MISSED: "retry",
};

export function Fires({ schedule }: { schedule: Schedule }) {
  return (
    <div className={styles.panes}>
      <Next schedule={schedule} />
      <Past schedule={schedule} />
    </div>
  );
}

function Next({ schedule }: { schedule: Schedule }) {
  const { schedules: text, codes } = useText(TEXTS);
  const { formats } = useTimes();
  const query = useQuery(nextFiresQuery(useApi(), schedule));
  const columns: Column<NextFire>[] = [
    { id: "wall", head: text.wall, cell: ({ wall }) => clockOf(wall) },
    { id: "on", head: text.yourTime, cell: ({ on }) => formats.instant(on) },
    {
      id: "mark",
      head: text.mark,
      cell: ({ mark, fires }) =>
        (mark !== "" || !fires) && (
          <Chip tone={fires ? "retry" : "skipped"} icon="clock">
            {mark === "" ? text.doesNotFire : text.marks[mark]}
          </Chip>
        ),
    },
  ];
  return (
    <Section title={text.nextFires(schedule.workflow_name)}>
      <Answer query={query} words={codes}>
        {({ items, timezone, change_on }) => (
          <>
            <p>
              {text.timezone(timezone)}
              {change_on !== null && ` ${text.clockChange(formats.day(change_on))}`}
            </p>
            <DataTable
              label={text.nextFires(schedule.workflow_name)}
              columns={columns}
              rows={items}
              keyOf={({ on, wall }) => `${on} ${wall}`}
              isPlain
            />
          </>
        )}
      </Answer>
    </Section>
  );
}

/** Returns a local time such as `2026-12-01T03:00:00` as it is read: `2026-12-01 03:00`. */
function clockOf(wall: string): string {
  return wall.slice(0, "2026-12-01T03:00".length).replace("T", " ");
}

function Past({ schedule }: { schedule: Schedule }) {
  const { schedules: text } = useText(TEXTS);
  const query = useInfiniteQuery(firesQuery(useApi(), schedule.workflow_id));
  const columns: Column<Fire>[] = [
    { id: "nominal", head: text.nominal, cell: ({ nominal_on }) => <Time at={nominal_on} /> },
    {
      id: "outcome",
      head: text.outcome,
      cell: ({ outcome, count }) => (
        <Chip tone={TONES[outcome]}>{count > 1 ? `${text.outcomes[outcome]} × ${count}` : text.outcomes[outcome]}</Chip>
      ),
    },
    {
      id: "execution",
      head: text.execution,
      cell: ({ workflow_execution_id: executionId }) =>
        executionId !== null && (
          <Link to="/executions/$executionId" params={{ executionId }} preload={false}>
            {text.openExecution}
          </Link>
        ),
    },
  ];
  return (
    <Section title={text.pastFires}>
      <Pages query={query} empty={<p>{text.noFire}</p>}>
        {(items) => (
          <DataTable
            label={text.pastFires}
            columns={columns}
            rows={items}
            keyOf={({ nominal_on, outcome }) => `${nominal_on} ${outcome}`}
            isPlain
          />
        )}
      </Pages>
    </Section>
  );
}

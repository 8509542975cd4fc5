import type { Schedule } from "../../api/queries/operations";
import type { AnswerOf } from "../../api/types";

type Outcome = AnswerOf<"getScheduleFires">["items"][number]["outcome"];
type Mark = Exclude<AnswerOf<"previewSchedule">["items"][number]["mark"], "">;
type States = Readonly<Record<Schedule["status"], string>>;

export const english = {
  empty: "No schedule is live",
  emptyHint: "A workflow with a schedule appears here when a version of it is activated.",
  label: "Schedules",
  workflow: "Workflow",
  status: "State",
  states: { ACTIVE: "Active", PAUSED: "Paused" } satisfies States,
  next: "Next",
  last: "Last",
  missed: "Missed",
  missedCount: (count: number) => `${count} missed`,
  missedSince: "last",
  fires: "Past and next",
  firesOf: (workflow: string) => `Past and next fires of ${workflow}`,
  toggle: { ACTIVE: "Pause", PAUSED: "Resume" } satisfies States,
  toggleOf: (status: Schedule["status"], workflow: string) =>
    status === "ACTIVE" ? `Pause the schedule of ${workflow}` : `Resume the schedule of ${workflow}`,
  toggleHint: {
    ACTIVE: "Nothing starts by this schedule until it is resumed. Executions that run continue.",
    PAUSED: "It fires again at its next instant.",
  } satisfies States,
  nextFires: (workflow: string) => `Next fires of ${workflow}`,
  pastFires: "Past fires",
  noFire: "It has not fired yet.",
  timezone: (zone: string) => `Time zone ${zone}.`,
  clockChange: (day: string) => `The clocks change on ${day}.`,
  wall: "On its clocks",
  yourTime: "Your time",
  mark: "Note",
  marks: {
    MOVED: "Moved by the change of the clocks",
    REPEATED: "This hour occurs twice",
    SECOND: "The second time",
    SKIPPED: "This hour does not exist",
  } satisfies Record<Mark, string>,
  doesNotFire: "Does not fire",
  nominal: "At",
  outcome: "What came of it",
  outcomes: {
    STARTED: "Started",
    CAUGHT_UP: "Caught up",
    QUEUED: "Queued",
    SKIPPED: "Skipped",
    REFUSED: "Refused",
    MISSED: "Missed",
  } satisfies Record<Outcome, string>,
  execution: "Execution",
  openExecution: "Open",
};

import type { Schedule } from "../../api/queries/operations/operations";
import type { AnswerOf } from "../../api/types";

type Outcome = AnswerOf<"getScheduleFires">["items"][number]["outcome"];
type Mark = Exclude<AnswerOf<"previewSchedule">["items"][number]["mark"], "">;
type MarkOf = (named: string, day: string, at: string) => string;
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
  ways: "How schedules are shown",
  asTable: "Table",
  asCalendar: "Calendar",
  run: "Run now",
  runOf: (workflow: string) => `Run now: ${workflow}`,
  runHint:
    "An execution starts at once, by your call and with an empty input. The schedule does not change; its next instant fires as planned.",
  calendar: {
    label: "Fires by day and hour",
    empty: "Nothing fires in this week",
    before: "The week before",
    after: "The week after",
    present: "This week",
    week: (first: string, last: string) => `${first} – ${last}`,
    asList: "As a list",
    hour: (hour: number) => `${String(hour).padStart(2, "0")}:00`,
    inHour: (day: string, hour: number) => `${day}, ${hour}:00 to ${hour}:59`,
    planned: "Planned",
    clocksChange: "the clocks change",
    times: (count: number) => `× ${count}`,
    rest: (count: number) => `${count} more`,
    moreSchedules: "Load more schedules",
    openOf: (workflow: string, when: string) => `Open what ${workflow} started, ${when}`,
    openLast: "Open it",
    willSkip: (workflow: string) =>
      `${workflow}: its last execution is still open. As long as it is, the next fires are skipped.`,
    willQueue: (workflow: string) =>
      `${workflow}: its last execution is still open. The next fire is queued until it ends.`,
    unreadable: (workflow: string) => `${workflow}: its version cannot be read, so its next fires are not known.`,
    more: (workflow: string, before: string | null, after: string | null) =>
      `${workflow} fires too often to show it all: ${[
        before === null ? "" : `what came before ${before}`,
        after === null ? "" : `what comes from ${after} on`,
      ]
        .filter((part) => part !== "")
        .join(" and ")} is left out.`,
    marks: {
      MOVED: (named, day, at) => `${named} does not exist on ${day}: fires ${at}`,
      SKIPPED: (named, day) => `${named} does not exist on ${day}: it does not fire`,
      SECOND: (named, day) => `${named} occurs twice on ${day}: this is the second time`,
      REPEATED: (named, day) => `${named} occurs twice on ${day}: it fires the first time only`,
    } satisfies Record<Mark, MarkOf> as Record<Mark, MarkOf>,
  },
};

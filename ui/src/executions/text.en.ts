import type { ExecutionRow, Explanation } from "../api/queries/executions/executions";
import { english as visits } from "../graph/log/text.en";
import type { VisitState } from "../graph/log/visits";
import type { Tone } from "../kit/Chip";
import { durationText } from "../text/durations";
import type { Tab } from "./execution/address";
import { english as history } from "./history/text.en";
import { english as repair } from "./repair/text.en";
import type { Shown } from "./status";

/** Ways of cards, and why one does not arrive; others are shown as they are. */
const CHANNELS: Readonly<Record<string, string>> = { email: "mail", teams: "Microsoft Teams" };
const UNDELIVERED: Readonly<Record<string, string>> = { BLOCKED: "blocked", FAILED: "failed" };
type Moment = (at: number) => string;
const LEGEND: Readonly<Record<Tone, string>> = {
  done: "Done",
  running: "Running",
  waiting: "Waiting",
  retry: "Will retry, held or caught",
  failed: "Failed",
  skipped: "Skipped",
  idle: "Not reached",
};

export const english = {
  ...repair,
  ...visits,
  history,
  duration: (ms: number) => durationText("en", ms),
  /** The present of the page is half a minute old at most: less than a minute has no figure. */
  openDuration: (ms: number) => (ms < 60_000 ? "under 1 min" : durationText("en", ms)),
  statuses: {
    RUNNING: "In progress",
    RETRY: "Will retry",
    TARGET: "Waits for a system",
    WAITING: "Awaiting response",
    COMPLETED: "Completed",
    FAILED: "Failed",
    TERMINATED: "Terminated",
  } satisfies Record<Shown, string>,
  verdicts: {
    WAITS_FOR_PERSON: "Waits for a person.",
    WAITS_FOR_CALL: "Waits for a call.",
    WAITS_FOR_TIME: "Waits for a time.",
    WAITS_FOR_CHILD: "Waits for another execution.",
    WAITS_FOR_TARGET: "Waits for a system.",
    QUEUED: "Queued.",
    SUSPENDED: "Suspended.",
    RETRYING: "Will try again.",
    CALL_IN_FLIGHT: "A call is under way.",
    INCIDENT: "Stopped.",
    STORE_OR_CLOCK: "The server holds it.",
    ORPHAN: "Nothing will move it.",
    MOVES: "It moves.",
    ENDED: "Ended.",
  } satisfies Record<Explanation["verdict"], string>,
  /** Where a row is now, or for whom it waits. */
  nowAt: ({ status, waiting, incident, workflow_current_state: state }: ExecutionRow, moment: Moment): string => {
    if (status === "COMPLETED" || status === "TERMINATED") return "";
    if (incident !== null) return [incident.state ?? state, incident.code].filter(Boolean).join(", ");
    if (waiting === null) return state;
    const until = waiting.until === null ? "" : moment(waiting.until);
    switch (waiting.kind) {
      case "CARD":
        return [waiting.who.join(", ") || (waiting.state ?? state), until && `due ${until}`].filter(Boolean).join(", ");
      case "SLOT":
        return "in the queue";
      default:
        return [waiting.state ?? state, until].filter(Boolean).join(", ");
    }
  },
  legend: (tone: Tone, count: number): string => `${LEGEND[tone]} ${count}`,
  tabs: {
    step: "Step",
    data: "Data",
    log: "Log",
    decisions: "Decisions",
    related: "Related",
  } satisfies Record<Tab, string>,
  sides: { input: "Input", output: "Output" },
  toHistory: "To all executions",
  openInStudio: "Open in the Studio",
  copyProcessId: "Copy the process id",
  copyLink: "Copy the link to this view",
  copyExecutionId: "Copy the execution id",
  copyValue: "Copy as JSON",
  workflow: "Workflow",
  versionOf: (name: string, version: number) => `${name}, version ${version}`,
  profile: "Profile",
  started: "Started",
  openFor: "Open for",
  took: "Took",
  repair: "Repair",
  terminate: "Terminate",
  rerun: "Start again with the same input",
  more: "More",
  why: "Why it does not move",
  since: (when: string) => `Since ${when}.`,
  atMost: (when: string) => `At most until ${when}.`,
  also: "Also:",
  evidence: "Evidence",
  evidenceOf: (seq: number) => `Evidence: entry ${seq} of the log`,
  view: "View",
  graph: "Graph",
  outline: "Outline",
  notReached: "Not reached",
  notReachedYet: "The execution did not reach this step.",
  chooseStep: "Choose a step in the graph.",
  timeline: "Timeline",
  bars: { done: "done", failure: "failed attempt", waiting: "waiting" },
  visits: "Visits",
  timeRows: "Visits over time",
  timeAxis: "The part of the time that is shown: drag to choose one, arrow keys move it, + and - zoom, 0 shows all",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  wholeTime: "Whole time",
  moment: "Moment of the history",
  before: "One event back",
  after: "One event on",
  play: "Play the history",
  pause: "Pause",
  now: "Now",
  eventOf: (at: number, count: number) => `${at} of ${count}`,
  details: "Details",
  visitOf: (visit: number, scope: string) => `visit ${visit}${scope ? ` in ${scope}` : ""}`,
  visitCounts: (counts: ReadonlyMap<VisitState, number>): string =>
    [...counts].map(([state, count]) => `${visits.visitStates[state]} ${count}`).join(", "),
  until: "Until",
  asked: "Asked",
  system: "Waits for",
  exit: "Exit",
  error: "Error",
  endedBy: "Ended by",
  child: "Started",
  openChild: "Open that execution",
  attempts: "Attempts",
  attempt: "No",
  at: "At",
  answer: "Answer",
  next: "Next",
  nextAfter: (ms: number) => `after ${durationText("en", ms)}`,
  success: "ok",
  values: "Values",
  noValue: "Nothing is recorded here.",
  waits: {
    title: "What it waits for",
    forPeople: (people: readonly string[]) =>
      `It waits for an answer. It has asked ${new Intl.ListFormat("en").format(people)}.`,
    forCall: "It waits for a call that resumes it.",
    since: (when: string) => `Since ${when}.`,
    until: (when: string) => `At the latest until ${when}: then the path leads to the exit “timeout”.`,
    forever: "It has no timeout.",
    undelivered: (recipient: string, channel: string, code: string) =>
      `The card for ${recipient} is not delivered by ${CHANNELS[channel] ?? channel} (${UNDELIVERED[code] ?? code}).`,
    openOwn: "Open your card in the inbox",
    openInbox: "Open the inbox",
    allCards: "All open cards",
  },
  data: {
    afterEvent: (seq: number, last: number) => `As it was after event ${seq} of ${last}`,
    search: "Search the data",
    onlyChanges: "Changed by this step",
    noChange: "The step changed nothing.",
    noBefore: "The branch or iteration of this step had no data before it.",
    notFound: "No value matches.",
    absent: "nothing",
    copyPath: (path: string) => `Copy ${path}`,
    more: (count: number) => `Only the first ${count} are listed.`,
    whole: "Show all",
  },
  searchLog: "Search the log",
  onlyFailed: "Failures only",
  downloadLog: "Download the log as JSON",
  rawEntry: "The entry as JSON",
  noEntry: "No entry matches.",
  noDecision: "No decision was made here.",
  decision: (action: string): string => ({ approved: "Approved", rejected: "Rejected" })[action] ?? action,
  decidedFor: (person: string) => `for ${person}`,
  override: "override",
  parent: "The execution that started this one",
  rerunOf: "The execution whose input this one has",
  children: "Executions that it started",
  noChild: "None.",
  moreChildren: (count: number) => `Only the newest ${count} are listed.`,
};

export type ExecutionsText = typeof english;

import type { Bulk, BulkFilter } from "../../api/queries/operations/operations";
import { durationText } from "../../text/durations";
import type { Act, Effect } from "./plan";

type Status = NonNullable<BulkFilter["status"]>[number];
type Kind = NonNullable<BulkFilter["incident_kind"]>[number];
const calls = (count: number): string => (count === 1 ? "1 call" : `${count} calls`);

export const english = {
  bulk: {
    act: "What to do",
    acts: {
      retry: "Try again the steps that failed",
      skip: "Skip the steps that failed",
      latest: "Continue on the newest active version",
      terminate: "Terminate them",
    } satisfies Record<Act, string>,
    preview: "What would happen",
    working: "Working out what would happen",
    matches: (count: string, isMore: boolean) => `${count}${isMore ? " or more" : ""} executions match now`,
    endEffect: "They end for ever: their open cards close and their timers stop. What was sent to other systems stays.",
    noCall: "No call leaves at once",
    calls: (count: string, of: number, step: string, operation: string) =>
      `${of === 1 ? "1 call" : `${count} calls`} of “${step}” (${operation})`,
    sameKey: (count: number) => `${count} same key`,
    newKey: (count: number) => `${count} new key, twice`,
    wouldRefuse: (count: number) => (count === 1 ? "1 would refuse:" : `${count} would refuse:`),
    examined: (count: number) => `The calls are those of the newest ${count}.`,
    newest: (count: number) => `The newest ${count}`,
    safe: (count: number) => `${count} can continue with it`,
    mapped: (count: number) => (count === 1 ? "1 needs a new step name" : `${count} need a new step name`),
    refusedByVersion: (count: number) => `${count} cannot`,
    whyNot: (count: number) => (count === 1 ? "Why 1 cannot as it is" : `Why ${count} cannot as they are`),
    mapping: (step: string) => `Continue at, in place of “${step}”`,
    mappingHint: (count: number) =>
      count === 1
        ? "1 execution is at a step that it has no more."
        : `${count} executions are at a step that it has no more.`,
    noMapping: "Leave these as they are",
    branch: "Exit",
    branchHint: "The exit that is taken from the step; empty for “next”.",
    rate: "How fast",
    perSecond: (rate: number) => `${rate} a second`,
    takes: (ms: number) => `Takes ${durationText("en", ms)} at least.`,
    reason: "Reason",
    verb: (act: Act, count: number, isMore: boolean, { repeated, doubled, first }: Effect): string => {
      const many = `${count}${isMore ? " or more" : ""}`;
      if (act === "terminate") return `Terminate ${many}`;
      const verb = act === "skip" ? `Skip the step of ${many}` : `Repair ${many}`;
      if (doubled > 0) return `${verb}, ${calls(doubled)} may act twice`;
      if (repeated > 0) return `${verb}, ${calls(repeated)} under the same key`;
      return first > 0 ? `${verb}, ${calls(first)}` : verb;
    },
  },
  bulks: {
    empty: "There was no bulk repair yet",
    emptyHint:
      "When one cause has stopped many executions, repair them together under Incidents, or choose them in the history.",
    label: "Bulk repairs",
    action: "What",
    actions: {
      redrive: "Redrive",
      retry: "Try again",
      skip: "Skip the step",
      terminate: "Terminate",
    } satisfies Record<Bulk["action"], string>,
    openOf: (action: string) => `${action}: open this bulk repair`,
    which: "Which executions",
    everything: "All executions",
    chosen: (count: number) => (count === 1 ? "1 chosen execution" : `${count} chosen executions`),
    version: (version: number | string) => `version ${version}`,
    atStep: (step: string) => `step ${step}`,
    atNoStep: "no single step",
    triggers: { REQUEST: "started by a call", SCHEDULED: "started by a schedule" },
    kinds: {
      FAILED: "a step failed",
      UNKNOWN: "outcome of a call unknown",
      TIMEOUT: "time is over",
      LIMIT: "limit reached",
      POISON: "server ended",
    } satisfies Record<Kind, string>,
    from: (when: string) => `from ${when}`,
    to: (when: string) => `before ${when}`,
    statuses: {
      RUNNING: "In progress",
      WAITING: "Awaiting response",
      COMPLETED: "Completed",
      FAILED: "Failed",
      TERMINATED: "Terminated",
    } satisfies Record<Status, string>,
    status: "State",
    states: { RUNNING: "Running", DONE: "Done", CANCELLED: "Cancelled" } satisfies Record<Bulk["status"], string>,
    progressHead: "Progress",
    progressLabel: "Progress of the bulk repair",
    progress: (acted: string, all: string) => `${acted} of ${all}`,
    pace: (rate: number, left: number) => `${rate} a second, about ${durationText("en", left)} left`,
    refused: (count: string) => `${count} refused`,
    by: "By",
    started: "Started",
    ended: "Ended",
    reason: "Reason",
    onVersion: "On version",
    toAll: "All bulk repairs",
    cancel: "Cancel the bulk repair",
    cancelTitle: "Cancel this bulk repair?",
    cancelHint: "What is done stays done. The executions that are left stay as they are.",
    mapping: "New step names",
    step: "Step",
    branch: "Exit",
    again: "Preview the same again …",
    againTitle: "Repair what matches now",
    refusedTitle: "Refused",
    refusedHint: "These executions were not changed.",
    selectRefused: (count: number) => `Select the refused (${count}) …`,
    selectedTitle: (count: number) =>
      count === 1 ? "Repair or end 1 chosen execution" : `Repair or end ${count} chosen executions`,
    moreRefused: "Only the first 1,000 are kept.",
    processId: "Process id",
    code: "Code",
    why: "Why",
  },
};

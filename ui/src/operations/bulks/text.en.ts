import type { Bulk, BulkFilter } from "../../api/queries/operations";
import { durationText } from "../../text/durations";
import type { Act, Effect } from "./plan";

type Status = NonNullable<BulkFilter["status"]>[number];
const calls = (count: number): string => (count === 1 ? "1 call" : `${count} calls`);

export const english = {
  bulk: {
    act: "What to do",
    acts: {
      retry: "Try again the steps that failed",
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
    rate: "Executions a second",
    takes: (ms: number) => `Takes ${durationText("en", ms)} at least.`,
    reason: "Reason",
    verb: (act: Act, count: number, isMore: boolean, { repeated, doubled, first }: Effect): string => {
      const many = `${count}${isMore ? " or more" : ""}`;
      if (act === "terminate") return `Terminate ${many}`;
      if (doubled > 0) return `Repair ${many}, ${calls(doubled)} may act twice`;
      if (repeated > 0) return `Repair ${many}, ${calls(repeated)} under the same key`;
      return first > 0 ? `Repair ${many}, ${calls(first)}` : `Repair ${many}`;
    },
  },
  bulks: {
    empty: "There was no bulk repair yet",
    emptyHint: "When one cause has stopped many executions, repair them together under Incidents.",
    label: "Bulk repairs",
    action: "What",
    actions: { redrive: "Try again", terminate: "Terminate" } satisfies Record<Bulk["action"], string>,
    openOf: (action: string) => `${action}: open this bulk repair`,
    which: "Which executions",
    everything: "All executions",
    version: (version: number) => `version ${version}`,
    atStep: (step: string) => `step ${step}`,
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
    again: "Preview the same again …",
    againTitle: "Repair what matches now",
    refusedTitle: "Refused",
    refusedHint: "These executions were not changed. Those that are still stopped match the same filter.",
    moreRefused: "Only the first 200 are kept.",
    processId: "Process id",
    code: "Code",
    why: "Why",
  },
};

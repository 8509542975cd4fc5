/** The fold of a log: what had happened after its first entries. It decides nothing; it repeats what the log says.
 *
 * A caught failure has no entry of its own. It is one that neither another attempt nor an incident follows, of a step
 * whose exit `error` leads somewhere.
 */

import { START } from "../outline";
import { type EntryOf, type EntryType, type LogEntry, messageOf, visitOf } from "./entry";
import { newVisit, VisitTable } from "./visit-table";
import type { Attempt, Visit, VisitState } from "./visits";

export interface Folded {
  /** In the order in which they began. */
  visits: readonly Visit[];
  /** Exits that were travelled, as `step exit`. */
  travelled: ReadonlySet<string>;
  /** How the execution ended, or that it is stopped; null while it is open. */
  end: "COMPLETED" | "FAILED" | "TERMINATED" | null;
  /** The number of the last entry. */
  seq: number;
}

/** What happens to a step by itself. */
type StepType = Extract<EntryType, `STEP_${string}`> | "EXECUTION_STARTED";
/** What a visit waits for. */
type WaitType = "CARD_SENT" | "CHILD_ENDED" | "CHILD_STARTED" | "WAIT_OPENED" | "WAIT_RESUMED" | "WAIT_TIMED_OUT";
/** What says of the cards of a visit whether they are delivered. */
type DeliveryType = "CARD_CLOSED" | "CARD_DELIVERED" | "CARD_UNDELIVERED";
/** Entries after which every visit is what it was before. A type that is in none of these lists does not compile. */
type SilentType =
  | "CARD_ANSWERED"
  | "EXECUTION_ADMITTED"
  | "EXECUTION_EDITED"
  | "EXECUTION_QUEUED"
  | "LETTER_SETTLED"
  | "RESUME_BUFFERED"
  | "RESUME_IGNORED";

/** Returns what had happened after these entries. `catches` says whether the exit `error` of a step leads somewhere. */
export function fold(entries: readonly LogEntry[], catches: (step: string) => boolean): Folded {
  const folding = new Folding(catches);
  for (const entry of entries) folding.take(entry);
  return folding.result();
}

/** A fold that has taken some entries, and takes more. */
export class Folding {
  private readonly table: VisitTable;
  /** The address of the visit that failed last, until it is known what follows. */
  private failing: string | null;
  /** A move of one of several paths, until it is known which. */
  private moving: EntryOf<"EXECUTION_MOVED"> | null;
  private end: Folded["end"];
  private seq: number;

  /** With `from` it has taken what that has: what one of them takes later does not change the other. */
  constructor(
    private readonly catches: (step: string) => boolean,
    from?: Folding,
  ) {
    this.table = new VisitTable(from?.table);
    this.failing = from?.failing ?? null;
    this.moving = from?.moving ?? null;
    this.end = from?.end ?? null;
    this.seq = from?.seq ?? 0;
  }

  take(entry: LogEntry): void {
    this.seq = entry.seq;
    this.settleFailure(entry);
    this.settleMove(entry);
    switch (entry.type) {
      case "EXECUTION_STARTED":
        this.visitStart(entry);
        break;
      case "STEP_STARTED":
        this.start(entry);
        break;
      case "STEP_RETRY_SCHEDULED":
        // The entry has the number of the attempt that failed.
        this.table.attempt(entry, { nextOn: entry.due_on });
        this.table.change(entry, { state: "retry", until: entry.due_on });
        break;
      case "STEP_PARKED":
        this.table.change(entry, { state: "parked", system: { name: entry.target, reason: entry.reason } });
        break;
      case "STEP_SUCCEEDED":
        this.table.attempt(entry, { endedOn: entry.timestamp });
        this.close(entry, "done", entry.branch ?? "next");
        if ("input" in entry) this.table.change(entry, { inputAt: entry.seq });
        // What a branch has open ends when its parallel or its join does.
        this.table.giveUpInside(entry.state ?? "", entry.timestamp, insideOf(entry));
        break;
      case "STEP_FAILED":
        this.fail(entry, {
          code: entry.code ?? "",
          message: messageOf(entry.message ?? ""),
          status: entry.status ?? "",
        });
        break;
      case "STEP_SKIPPED":
        this.close(entry, "skipped", entry.branch ?? "next");
        this.table.change(entry, { by: entry.by_name ?? entry.by });
        break;
      case "STEP_RESULT_DISCARDED":
        if (this.table.isOpen(entry)) this.table.change(entry, { state: "given-up", endedOn: entry.timestamp });
        break;
      default:
        this.takeOther(entry);
    }
  }

  private takeOther(entry: Exclude<LogEntry, EntryOf<StepType>>): void {
    switch (entry.type) {
      case "WAIT_OPENED":
        this.table.change(entry, { state: "waiting", until: entry.due_on ?? null });
        break;
      case "CARD_SENT":
        this.sendCard(entry);
        break;
      case "CHILD_STARTED":
        this.table.change(entry, {
          ...(entry.incident_id === undefined && { state: "waiting" }),
          child: { executionId: entry.execution_id, workflowId: entry.workflow_id },
          ...("input" in entry && { inputAt: entry.seq }),
        });
        break;
      case "CHILD_ENDED":
        this.childEnded(entry);
        break;
      case "WAIT_RESUMED":
        this.close(entry, "done", entry.branch ?? "next");
        break;
      case "WAIT_TIMED_OUT":
        this.close(entry, "timed-out", "timeout");
        break;
      case "CARD_UNDELIVERED":
      case "CARD_DELIVERED":
      case "CARD_CLOSED":
        this.deliver(entry);
        break;
      default:
        this.takeWhole(entry);
    }
  }

  /** What concerns the execution as a whole. */
  private takeWhole(entry: Exclude<LogEntry, EntryOf<StepType | WaitType | DeliveryType>>): void {
    switch (entry.type) {
      case "INCIDENT_OPENED":
        this.table.change(entry, { state: "failed", error: errorOf(entry), exit: null });
        break;
      case "EXECUTION_FAILED":
        this.end = "FAILED";
        if (entry.incident_id === undefined) this.table.giveUp(entry.timestamp, "");
        break;
      case "INCIDENT_CLOSED":
      case "EXECUTION_REOPENED":
        this.end = null;
        this.reopen(entry);
        break;
      case "EXECUTION_MOVED":
        this.move(entry);
        break;
      case "EXECUTION_COMPLETED":
      case "EXECUTION_TERMINATED":
        this.end = entry.type === "EXECUTION_COMPLETED" ? "COMPLETED" : "TERMINATED";
        this.table.giveUp(entry.timestamp, "");
        break;
      default:
        entry.type satisfies SilentType;
    }
  }

  result(): Folded {
    return { visits: this.table.all(), travelled: this.table.travelledExits(), end: this.end, seq: this.seq };
  }

  private visitStart(entry: LogEntry): void {
    this.table.add({
      ...newVisit({ state: START, visit: 1 }, entry),
      state: "done",
      endedOn: entry.timestamp,
      exit: "next",
      outputAt: "input" in entry ? entry.seq : null,
    });
  }

  private start(entry: EntryOf<"STEP_STARTED">): void {
    const { attempt, due_on: until = null, items = null } = entry;
    this.table.change(entry, {
      state: until === null ? "running" : "waiting",
      until,
      endedOn: null,
      error: null,
      ...(items !== null && { items }),
      ...("input" in entry && { inputAt: entry.seq }),
    });
    if (attempt !== undefined) this.table.attempt(entry, { startedOn: entry.timestamp }, attempt);
  }

  private sendCard(entry: EntryOf<"CARD_SENT">): void {
    const visit = this.table.at(entry);
    // Some visits begin with their card.
    const isBegun = visit === null || visit.state === "running";
    const who = [...new Set([...(visit?.who ?? []), ...entry.recipients])];
    this.table.change(entry, { who, ...(isBegun && { state: "waiting" }) });
  }

  /** Keeps the cards that were not delivered, until they are or take no more answers. */
  private deliver(entry: EntryOf<DeliveryType>): void {
    const visit = this.table.at(entry);
    if (visit === null) return;
    const settled = entry.type === "CARD_CLOSED" ? entry.cards : [entry.card];
    const left = visit.undelivered.filter(({ card }) => settled !== undefined && !settled.includes(card));
    if (entry.type === "CARD_UNDELIVERED") {
      const { card, recipient, channel, reason, code = reason } = entry;
      this.table.change(entry, { undelivered: [...left, { card, recipient, channel, code }] });
    } else if (left.length < visit.undelivered.length) {
      this.table.change(entry, { undelivered: left });
    }
  }

  private fail(entry: LogEntry, error: NonNullable<Attempt["error"]>): void {
    this.table.attempt(entry, { endedOn: entry.timestamp, error });
    this.table.change(entry, { state: "failed", error, endedOn: entry.timestamp, outputAt: entry.seq });
    this.failing = this.table.at(entry)?.address ?? null;
  }

  /** Nothing waits for a child that is cancelled; of one that ended late its visit has ended already. */
  private childEnded(entry: EntryOf<"CHILD_ENDED">): void {
    const { status, code = status, message = "" } = entry;
    if (!this.table.isOpen(entry)) return;
    if (status === "CANCELLED") this.table.change(entry, { state: "given-up", endedOn: entry.timestamp });
    else if (status === "COMPLETED" || status === "STARTED") this.close(entry, "done", null);
    else this.fail(entry, { code, message, status: "" });
  }

  /** A failure is caught when neither a retry nor an incident of that visit follows. */
  private settleFailure(entry: LogEntry): void {
    const visit = this.failing === null ? null : this.table.find(this.failing);
    if (visit === null) return;
    this.failing = null;
    const isSame = this.table.at(entry)?.address === visit.address;
    const isStopped = entry.type === "INCIDENT_OPENED" || entry.type === "EXECUTION_FAILED";
    if (isSame || isStopped || !this.catches(visit.step)) return;
    this.table.add({ ...visit, state: "caught", exit: "error" });
  }

  private reopen(entry: EntryOf<"INCIDENT_CLOSED" | "EXECUTION_REOPENED">): void {
    const visit = this.table.at(entry);
    if (visit?.state !== "failed") return;
    if (entry.again === "attempt") this.table.add({ ...visit, state: "running" });
    else if (entry.again === "visit") this.table.add({ ...visit, state: "given-up" });
  }

  /** The entry names where it moved to. Where several paths run, the next visit there says which one moved. */
  private move(entry: EntryOf<"EXECUTION_MOVED">): void {
    if (entry.steps !== undefined) this.table.rename(entry.steps);
    if (entry.to === undefined) return;
    const [scope = "", ...others] = new Set(this.table.pending().map((visit) => visit.scope));
    if (others.length === 0) this.leave(entry, scope);
    else this.moving = entry;
  }

  private settleMove(entry: LogEntry): void {
    const scope = visitOf(entry)?.scope ?? null;
    if (this.moving === null || scope === null || entry.state !== this.moving.to) return;
    this.leave(this.moving, scope);
    this.moving = null;
  }

  /** An operator ended what was open, or had failed, in a scope. */
  private leave({ timestamp, by, by_name }: EntryOf<"EXECUTION_MOVED">, scope: string): void {
    for (const visit of this.table.pending().filter((each) => each.scope === scope)) {
      this.table.add({ ...visit, state: "skipped", endedOn: timestamp, by: by_name ?? by });
    }
  }

  private close(entry: LogEntry, state: VisitState, exit: string | null): void {
    this.table.change(entry, {
      state,
      exit,
      endedOn: entry.timestamp,
      until: null,
      error: null,
      ...("output" in entry && { outputAt: entry.seq }),
    });
  }
}

function errorOf({ code, kind, message = "", status = "" }: EntryOf<"INCIDENT_OPENED">): NonNullable<Attempt["error"]> {
  return { code: code ?? kind, message: messageOf(message), status };
}

/** Returns the beginning of the scopes that a step has opened. */
function insideOf(entry: LogEntry): string {
  return [visitOf(entry)?.scope, `${entry.state}[`].filter(Boolean).join("/");
}

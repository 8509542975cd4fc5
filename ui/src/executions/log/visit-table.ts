/** The visits while a log is folded. Only the fold changes them. */

import { addressOf, type LogEntry, type Visited, visitOf } from "./entry";
import { type Attempt, isOpen, type Visit } from "./visits";

export type OpenVisit = { -readonly [Key in keyof Visit]: Visit[Key] };

export class VisitTable {
  private readonly visits = new Map<string, OpenVisit>();
  /** The beginnings of scopes that occur, such as `forEach_1[`: most steps that end have none of their own. */
  private readonly beginnings = new Set<string>([""]);

  all(): Iterable<OpenVisit> {
    return this.visits.values();
  }

  add(visit: OpenVisit): void {
    this.visits.set(visit.address, visit);
  }

  /** Returns the visit that an entry is about, null where there is none. */
  at(entry: LogEntry): OpenVisit | null {
    const address = visitOf(entry);
    return address === null ? null : (this.visits.get(addressOf(address)) ?? null);
  }

  /** Returns the visits that are open or have failed. */
  pending(): OpenVisit[] {
    return [...this.visits.values()].filter((visit) => isOpen(visit) || visit.state === "failed");
  }

  isOpen(entry: LogEntry): boolean {
    const visit = this.at(entry);
    return visit !== null && isOpen(visit);
  }

  /** Changes the visit of an entry, which may be its first. */
  change(entry: LogEntry, change: Partial<OpenVisit>): void {
    const address = visitOf(entry);
    if (address === null) return;
    const key = addressOf(address);
    const before = this.visits.get(key);
    if (before === undefined) this.begin(address.scope ?? "");
    this.visits.set(key, Object.assign(before ?? newVisit(address, entry), change, { lastSeq: entry.seq }));
  }

  /** Changes an attempt of the visit of an entry: that of the number, of the entry, or the last one. */
  attempt(entry: LogEntry, change: Partial<Attempt>, number?: number): void {
    const visit = this.at(entry);
    const named = "attempt" in entry ? entry.attempt : undefined;
    const shown = number ?? named ?? visit?.attempts.at(-1)?.number;
    if (visit === null || shown === undefined) return;
    const found = visit.attempts.find((attempt) => attempt.number === shown);
    const before = found ?? { number: shown, startedOn: null, endedOn: null, error: null, nextOn: null };
    const after = { ...before, ...change };
    visit.attempts =
      found === undefined
        ? [...visit.attempts, after]
        : visit.attempts.map((attempt) => (attempt === found ? after : attempt));
  }

  /** Another version may call steps otherwise; the graph shows its names. */
  rename(names: Readonly<Record<string, string | number>>): void {
    for (const visit of [...this.visits.values()]) {
      const name = names[visit.step];
      if (typeof name !== "string") continue;
      this.visits.delete(visit.address);
      visit.step = name;
      visit.address = addressOf({ state: name, visit: visit.visit, scope: visit.scope });
      this.add(visit);
    }
  }

  /** Ends what is open in scopes that begin with a text, such as `forEach_1[`; with an empty one everything. */
  giveUp(at: number, scopes: string): void {
    if (!this.beginnings.has(scopes)) return;
    for (const visit of this.visits.values()) {
      if (visit.scope.startsWith(scopes) && isOpen(visit)) {
        visit.state = "given-up";
        visit.endedOn = at;
      }
    }
  }

  private begin(scope: string): void {
    for (let at = scope.indexOf("["); at !== -1; at = scope.indexOf("[", at + 1)) {
      this.beginnings.add(scope.slice(0, at + 1));
    }
  }
}

/** Returns a visit that begins with an entry. */
export function newVisit(address: Visited, entry: LogEntry): OpenVisit {
  return {
    address: addressOf(address),
    step: address.state,
    visit: address.visit,
    scope: address.scope ?? "",
    state: "running",
    startedOn: entry.timestamp,
    endedOn: null,
    exit: null,
    attempts: [],
    who: [],
    system: null,
    until: null,
    error: null,
    by: null,
    child: null,
    items: null,
    inputAt: null,
    outputAt: null,
    firstSeq: entry.seq,
    lastSeq: entry.seq,
  };
}

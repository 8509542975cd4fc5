/** The visits while a log is folded. A visit is never changed in place, so that a copy of the table costs its pointers. */

import { addressOf, type LogEntry, type Visited, visitOf } from "./entry";
import { Exits } from "./exits";
import { type Attempt, isOpen, type Visit } from "./visits";

export class VisitTable {
  /** In the order in which they began. */
  private readonly visits: Visit[];
  /** Where an address lies. Copies share it: what a copy does not have yet lies behind its end. */
  private places: Map<string, number>;
  private readonly open: Set<number>;
  private readonly exits: Exits;

  constructor(from?: VisitTable) {
    this.visits = from?.visits.slice() ?? [];
    this.places = from?.places ?? new Map();
    this.open = new Set(from?.open);
    this.exits = new Exits(from?.exits);
  }

  all(): readonly Visit[] {
    return this.visits.slice();
  }

  /** Returns the exits that were taken, as `step exit`. */
  travelledExits(): ReadonlySet<string> {
    return this.exits.all();
  }

  add(visit: Visit): void {
    const place = this.placeOf(visit.address);
    if (place === null) this.exits.enter(visit.scope);
    this.put(place ?? this.visits.length, visit);
  }

  /** Returns the visit that an entry is about, null where there is none. */
  at(entry: LogEntry): Visit | null {
    const address = visitOf(entry);
    return address === null ? null : this.find(addressOf(address));
  }

  find(address: string): Visit | null {
    const place = this.placeOf(address);
    return place === null ? null : (this.visits[place] ?? null);
  }

  /** Returns the visits that are open or have failed. */
  pending(): Visit[] {
    return this.visits.filter((visit) => isOpen(visit) || visit.state === "failed");
  }

  isOpen(entry: LogEntry): boolean {
    const visit = this.at(entry);
    return visit !== null && isOpen(visit);
  }

  /** Changes the visit of an entry, which may be its first. */
  change(entry: LogEntry, change: Partial<Visit>): void {
    const address = visitOf(entry);
    if (address === null) return;
    const before = this.find(addressOf(address)) ?? newVisit(address, entry);
    this.add({ ...before, ...change, lastSeq: entry.seq });
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
    const attempts =
      found === undefined
        ? [...visit.attempts, after]
        : visit.attempts.map((attempt) => (attempt === found ? after : attempt));
    this.add({ ...visit, attempts });
  }

  /** Another version may call steps otherwise; the graph shows its names. */
  rename(names: Readonly<Record<string, string | number>>): void {
    this.places = new Map();
    for (const [place, visit] of this.visits.entries()) {
      const name = names[visit.step];
      const { visit: number, scope } = visit;
      const renamed =
        typeof name === "string"
          ? { ...visit, step: name, address: addressOf({ state: name, visit: number, scope }) }
          : visit;
      this.visits[place] = renamed;
      this.places.set(renamed.address, place);
      this.exits.count(visit, -1);
      this.exits.count(renamed, 1);
    }
  }

  /** Ends what is open in scopes that a step has opened: those that begin with a text, such as `forEach_1[`. */
  giveUpInside(step: string, at: number, scopes: string): void {
    if (this.exits.leadInside(step)) this.giveUp(at, scopes);
  }

  /** Ends what is open in scopes that begin with a text; with an empty one everything. */
  giveUp(at: number, scopes: string): void {
    for (const place of [...this.open]) {
      const visit = this.visits[place];
      if (visit?.scope.startsWith(scopes)) this.put(place, { ...visit, state: "given-up", endedOn: at });
    }
  }

  private placeOf(address: string): number | null {
    const place = this.places.get(address);
    return place === undefined || place >= this.visits.length ? null : place;
  }

  private put(place: number, visit: Visit): void {
    const before = this.visits[place];
    if (before === undefined) this.places.set(visit.address, place);
    else this.exits.count(before, -1);
    this.visits[place] = visit;
    this.exits.count(visit, 1);
    if (isOpen(visit)) this.open.add(place);
    else this.open.delete(place);
  }
}

/** Returns a visit that begins with an entry. */
export function newVisit(address: Visited, entry: LogEntry): Visit {
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
    undelivered: [],
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

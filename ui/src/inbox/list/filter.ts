/** Which of the requests the list shows. What is chosen is a part of the address: `due`, `for:ADDRESS`, `workflow:ID`. */

import type { InputOf } from "../../api/types";
import type { CardRow } from "./row";

export type Filter =
  | { kind: "all" }
  /** Those whose time to answer ends today, or is over. */
  | { kind: "due" }
  /** Those that the reader has as the substitute of a person. */
  | { kind: "for"; person: string }
  | { kind: "workflow"; id: string };

export interface FilterChip {
  filter: Filter;
  /** The person or the workflow, else empty. */
  name: string;
  count: number;
}

const ALL: Filter = { kind: "all" };
/** More workflows than these are found by the list itself. */
const MOST_WORKFLOWS = 4;

/** Returns the filter of an address; everything for a text that is none. */
export function filterOf(text: string | undefined): Filter {
  if (text === "due") return { kind: "due" };
  const [, kind, value = ""] = /^(for|workflow):(.+)$/.exec(text ?? "") ?? [];
  if (kind === "for") return { kind, person: value };
  return kind === "workflow" ? { kind, id: value } : ALL;
}

/** Returns a filter as the address has it; undefined for everything. */
export function textOfFilter(filter: Filter): string | undefined {
  switch (filter.kind) {
    case "all":
      return undefined;
    case "due":
      return "due";
    case "for":
      return `for:${filter.person}`;
    case "workflow":
      return `workflow:${filter.id}`;
  }
}

/** Returns the first instant of the day after that of `now`, by the clock of the browser. */
export function endOfDay(now: number): number {
  return new Date(now).setHours(24, 0, 0, 0);
}

/** Returns what the server selects by. */
export function criteriaOf(filter: Filter, now: number): InputOf<"getMyCards"> {
  switch (filter.kind) {
    case "all":
      return {};
    case "due":
      return { due_before: endOfDay(now) };
    case "for":
      return { substitute_for: filter.person };
    case "workflow":
      return { workflow_id: filter.id };
  }
}

/** Returns whether a filter shows a card; of those that are loaded, it counts them. */
export function isShown(filter: Filter, card: CardRow, now: number): boolean {
  switch (filter.kind) {
    case "all":
      return true;
    case "due":
      return card.due_on !== null && card.due_on < endOfDay(now);
    case "for":
      return card.is_substitute_for === filter.person;
    case "workflow":
      return card.workflow_id === filter.id;
  }
}

/** Returns the filters that show some of the cards and not all of them; everything first. None where none does. */
export function chipsOf(cards: readonly CardRow[], now: number): FilterChip[] {
  const people = [...new Set(cards.flatMap(({ is_substitute_for: person }) => person ?? []))];
  const workflows = new Map(cards.map(({ workflow_id, workflow_name }) => [workflow_id, workflow_name]));
  const named: [Filter, string][] = [
    [{ kind: "due" }, ""],
    ...people.map((person): [Filter, string] => [{ kind: "for", person }, person]),
    ...[...workflows].map(([id, name]): [Filter, string] => [{ kind: "workflow", id }, name]).slice(0, MOST_WORKFLOWS),
  ];
  const chips = named.map(([filter, name]) => {
    return { filter, name, count: cards.filter((card) => isShown(filter, card, now)).length };
  });
  const useful = chips.filter(({ count }) => count > 0 && count < cards.length);
  return useful.length === 0 ? [] : [{ filter: ALL, name: "", count: cards.length }, ...useful];
}

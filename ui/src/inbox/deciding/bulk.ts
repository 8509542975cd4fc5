/** Several requests that one answer fits. */

import type { AnswerOf } from "../../api/types";
import { type ButtonStyle, styleOf } from "../../frame/buttons";
import { isObject, type JsonObject, textOf } from "../../shared/http";
import type { CardRow } from "../list/row";

/** The most requests that one call answers. */
export const MOST = 50;

export type Result = AnswerOf<"answerCards">["items"][number];

/** Returns the groups of open cards that can be decided together, the largest first. */
export function groupsOf(cards: readonly CardRow[]): CardRow[][] {
  const groups = new Map<string, CardRow[]>();
  for (const card of cards) {
    if (card.bulk_key === null || card.status !== "OPEN") continue;
    groups.set(card.bulk_key, [...(groups.get(card.bulk_key) ?? []), card]);
  }
  return [...groups.values()].filter((group) => group.length > 1).sort((a, b) => b.length - a.length);
}

/** Returns the selection after a card is taken in or out. Only cards that one answer fits are selected together. */
export function toggleCard(cards: readonly CardRow[], selected: ReadonlySet<string>, cardId: string): Set<string> {
  const key = cards.find((card) => card.card_id === cardId)?.bulk_key ?? null;
  if (key === null) return new Set(selected);
  if (selected.has(cardId)) return new Set([...selected].filter((each) => each !== cardId));
  const alike = cards.filter((card) => card.bulk_key === key && selected.has(card.card_id));
  return new Set([...alike.map((card) => card.card_id), cardId].slice(-MOST));
}

/** Returns the labels of facts that the cards have, in their order, at most as many as a table has room for. */
export function factLabels(cards: readonly CardRow[], most = 3): string[] {
  const labels = cards.flatMap(({ key_facts }) => key_facts.map(({ label }) => label));
  return [...new Set(labels.filter((label) => label !== ""))].slice(0, most);
}

export interface BulkButton {
  title: string;
  style: ButtonStyle;
  data: JsonObject;
}

/** Returns the buttons of a card that decide, wherever they are in it, each once. */
export function buttonsOf(card: unknown): BulkButton[] {
  const found = new Map<string, BulkButton>();
  const visit = (value: unknown): void => {
    if (isObject(value) && (value.type === "Action.Submit" || value.type === "Action.Execute")) {
      const button = buttonOf(value);
      found.set(JSON.stringify(button.data), button);
    } else if (typeof value === "object" && value !== null) {
      for (const part of Object.values(value)) visit(part);
    }
  };
  visit(card);
  return [...found.values()];
}

function buttonOf(action: JsonObject): BulkButton {
  const data: JsonObject = isObject(action.data) ? { ...action.data } : { value: action.data };
  const verb = textOf(action.verb);
  if (action.type === "Action.Execute" && verb !== null && !("verb" in data)) data.verb = verb;
  return { title: textOf(action.title) ?? "", style: styleOf(action.style), data };
}

/** Returns what stays selected: cards that changed, and cards of which it is unknown whether the answer arrived. */
export function remainingSelection(results: readonly Result[]): Set<string> {
  const isOpen = ({ result }: Result): boolean => result === "changed" || result === "unknown";
  return new Set(results.filter(isOpen).map(({ card_id }) => card_id));
}

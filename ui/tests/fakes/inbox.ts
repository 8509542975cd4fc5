/** An inbox in memory: requests that change as the calls say. */

import type { AnswerOf, InputOf, Schema } from "../../src/api/types";
import type { CardRow } from "../../src/inbox/list/row";
import { type Handlers, refusal } from "./api";
import { NOW } from "./people";

type CardItem = AnswerOf<"getMyCard">["item"];

export const CARD = {
  type: "AdaptiveCard",
  version: "1.5",
  body: [{ type: "TextBlock", text: "Purchase order 4500000101" }],
  actions: [
    { type: "Action.Submit", title: "Approve", style: "positive", data: { action: "approve" } },
    { type: "Action.Submit", title: "Reject", style: "destructive", data: { action: "reject" } },
  ],
};

export const APPROVAL: NonNullable<CardItem["approval"]> = {
  requester: "buyer@example.com",
  order: "parallel",
  quorum: 1,
  recipients: 1,
  veto: false,
  comment_required: "reject",
  decisions: [],
};

export const DECISION: Schema<"DecisionRecord"> = {
  state: "approval_1",
  visit: 1,
  scope: "",
  user: "buyer@example.com",
  action: "approved",
  comment: "",
  at: NOW - 60_000,
  via: "INBOX",
  card_revision: 1,
  is_final: false,
  is_override: false,
};

export function cardRow(changes: Partial<CardRow> = {}): CardRow {
  return {
    card_id: "card-1",
    token: "token-1",
    status: "OPEN",
    subject: "Purchase order 4500000101",
    workflow_id: "workflow-1",
    workflow_name: "Purchase orders",
    workflow_execution_id: "execution-1",
    state: "approval_1",
    requester: "buyer@example.com",
    opened_on: NOW - 3_600_000,
    due_on: null,
    revision: 1,
    progress: { done: 0, needed: 1 },
    is_substitute_for: null,
    bulk_key: "orders",
    key_facts: [{ label: "Amount", value: "17,010.00 EUR" }],
    ...changes,
  };
}

export function cardItem(changes: Partial<CardItem> = {}): CardItem {
  return {
    status: "OPEN",
    card: CARD,
    workflow_name: "Purchase orders",
    recipient: "manager@example.com",
    opened_on: NOW - 3_600_000,
    timeout_on: null,
    answered_by: null,
    answered_on: null,
    decision: null,
    revision: 1,
    reminders: 0,
    closed_reason: null,
    closed_text: null,
    passed_to: null,
    confirm: "link",
    card_id: "card-1",
    approval: APPROVAL,
    ...changes,
  };
}

/** Handlers of an inbox with these requests. What is answered or passed on leaves it. */
export function withCards(given: readonly CardRow[], item: Partial<CardItem> = {}): Handlers {
  let cards = [...given];
  const take = (cardId: string): boolean => {
    const before = cards.length;
    cards = cards.filter((card) => card.card_id !== cardId);
    return cards.length < before;
  };
  return {
    getMyCards: ({ workflow_id, substitute_for }: InputOf<"getMyCards">) => {
      const items = cards.filter(
        (card) =>
          (workflow_id === undefined || card.workflow_id === workflow_id) &&
          (substitute_for === undefined || card.is_substitute_for === substitute_for),
      );
      return { message: "success", count: items.length, items };
    },
    getMyCard: ({ card_id }: InputOf<"getMyCard">) => {
      if (!given.some((card) => card.card_id === card_id)) throw refusal(404, "CARD_NOT_FOUND");
      return { message: "success", item: cardItem(item) };
    },
    getAbsence: () => ({ message: "success", item: null, is_active: false, workflow_names: {}, substitute_for: [] }),
    answerCards: ({ answers }) => {
      const items = answers.map(({ card_id }) => ({
        card_id,
        result: take(card_id) ? ("recorded" as const) : ("changed" as const),
      }));
      return { message: "success", count: items.length, items };
    },
    delegateCard: ({ card_id, to }) => {
      take(card_id);
      return { message: "passed on", recipient: to };
    },
    findPeople: () => ({ message: "success", count: 0, items: [] }),
  };
}

/** The calls of the page to the server of the demo, and the answers with nothing but what the page reads. */

import { isObject, type JsonObject, type Send, textOf } from "../shared/http";

export interface Person {
  id: string;
  name: string;
}

export interface ShownMessage {
  id: string;
  /** Empty in the own chat with the bot. */
  conversation: string;
  /** How often the bot has updated it. */
  changes: number;
  card: JsonObject;
}

export interface Chat {
  people: Person[];
  reader: { id: string; mri: string; isBlocked: boolean };
  messages: ShownMessage[];
}

/** What a press of a button is, as clients of Teams send it. */
export interface Press {
  user: string;
  message: string;
  action: { verb: string; data: JsonObject };
  trigger: string;
}

/** The answer to a press: a card that takes the place of the one that was pressed, or why there is none. */
export type Pressed = { card: JsonObject } | { code: string; message: string };

const CARD = "application/vnd.microsoft.card.adaptive";

export interface Calls {
  /** Returns what a person sees, null where there is no such person. Throws `Unreachable`. */
  read: (user: string) => Promise<Chat | null>;
  /** Throws `Unreachable`. */
  press: (press: Press) => Promise<Pressed>;
  /** Returns whether it is done. Throws `Unreachable`. */
  block: (user: string, isBlocked: boolean) => Promise<boolean>;
}

/** Returns the calls by which a page reaches the server from which it comes. */
export function callsBy(send: Send): Calls {
  return {
    read: async (user) => chatOf((await send(`/chat?user=${encodeURIComponent(user)}`)).body),
    press: async (press) => outcomeOf((await send("/chat/press", { json: press })).body),
    block: async (user, isBlocked) => {
      const answer = await send("/chat/block", { json: { user, is_blocked: isBlocked } });
      return answer.status === 200;
    },
  };
}

function chatOf(body: unknown): Chat | null {
  if (!isObject(body) || !isObject(body.reader)) return null;
  const { id, mri, is_blocked: isBlocked } = body.reader;
  return {
    people: objectsOf(body.people).map((each) => ({ id: String(each.id), name: String(each.name) })),
    reader: { id: String(id), mri: String(mri), isBlocked: isBlocked === true },
    messages: objectsOf(body.messages).flatMap((each) => {
      if (!isObject(each.card)) return [];
      const conversation = textOf(each.conversation) ?? "";
      return [{ id: String(each.id), conversation, changes: Number(each.changes), card: each.card }];
    }),
  };
}

/** Returns what the bot answered to an invoke: its status is within its answer, whose status is that of the way. */
function outcomeOf(body: unknown): Pressed {
  const answered = isObject(body) && isObject(body.body) ? body.body : {};
  const { type, value } = answered;
  if (type === CARD && isObject(value)) return { card: value };
  const error = isObject(value) ? value : {};
  return { code: textOf(error.code) ?? "Unknown", message: textOf(error.message) ?? "" };
}

function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The calls of the inbox, with every answer the server may give as one closed union. */

import { isObject, type JsonObject, type Send, textOf, Unreachable } from "../shared/http";
import { type CloseReason, closeReasonOf, type Tried } from "./words";

const CONFIRMS = ["link", "code", "sign_in"] as const;
const STATUSES = ["OPEN", "FROZEN", "ANSWERED", "CLOSED"] as const;

/** `FROZEN`: an incident holds the execution; the card may take answers again later. */
export type CardStatus = (typeof STATUSES)[number];

export interface InboxItem {
  status: CardStatus;
  card: JsonObject;
  workflowName: string | null;
  recipient: string;
  /** Epoch milliseconds, like all times here. */
  openedOn: number | null;
  timeoutOn: number | null;
  answeredBy: string | null;
  answeredOn: number | null;
  /** What was decided, in a word, such as `approved`. */
  decision: string | null;
  /** Of the card as it is shown; null when the server does not report it. */
  revision: number | null;
  /** Why the card is closed, where it is. */
  closeReason: CloseReason;
  /** The recipient to whom the request was passed on, where that closed the card. */
  passedTo: string | null;
  approval: Approval | null;
  confirm: Confirm;
  cardId: string;
}

/** What an answer by the link needs beside the link: nothing, a code from a mail, or that the recipient signs in. */
export type Confirm = (typeof CONFIRMS)[number];

/** The code that the recipient got by mail, and the challenge that belongs to it. */
export interface Proof {
  challenge: string;
  code: string;
}

/** What an open approval takes, and who has decided so far. */
export interface Approval {
  requester: string | null;
  isSequence: boolean;
  quorum: number;
  recipients: number;
  decisions: { user: string; action: string; comment: string }[];
}

export type Loaded = { kind: "item"; item: InboxItem } | { kind: "invalid" } | { kind: "failed"; tried: Tried };

export type Sent =
  | { kind: "recorded" }
  | { kind: "already"; by: string | null; on: number | null; decision: string | null }
  | { kind: "closed" }
  /** The card is another one by now; nothing was recorded. */
  | { kind: "changed" }
  | { kind: "frozen" }
  | { kind: "invalid" }
  | { kind: "self-approval" }
  /** The code is missing, wrong, or not valid any more. */
  | { kind: "code"; reason: string | null }
  | { kind: "sign-in" }
  /** The server understood and refused, with a sentence of its own; sending the same again does not help. */
  | { kind: "refused"; reason: string | null }
  /** It is not known whether it arrived; sending again is safe, since one answer counts. */
  | { kind: "failed"; tried: Tried };

/** Reads what a link leads to. Never throws: a failure is a result. */
export async function load(send: Send, token: string): Promise<Loaded> {
  try {
    const { status, body } = await send(pathOf(token));
    if (status === 200) {
      const item = itemOf(body);
      return item ? { kind: "item", item } : { kind: "failed", tried: "unreadable" };
    }
    return isUnknownLink(status) ? { kind: "invalid" } : { kind: "failed", tried: "busy" };
  } catch (error) {
    if (error instanceof Unreachable) return { kind: "failed", tried: "unreachable" };
    throw error;
  }
}

/** Sends an answer to a card; `revision` is that of the card that was shown. Never throws: a failure is a result. */
export async function answer(
  send: Send,
  token: string,
  data: JsonObject,
  revision: number | null = null,
  proof: Proof | null = null,
): Promise<Sent> {
  try {
    const json: JsonObject = { data, ...(revision !== null && { card_revision: revision }), ...proof };
    const { status, body } = await send(pathOf(token), { json });
    return resultOf(status, isObject(body) ? body : {});
  } catch (error) {
    if (error instanceof Unreachable) return { kind: "failed", tried: "unreachable" };
    throw error;
  }
}

export type CodeSent =
  | { kind: "sent"; challenge: string; recipient: string }
  | { kind: "refused"; reason: string | null }
  | { kind: "failed"; tried: Tried };

/** Asks for a code by mail. Never throws: a failure is a result. */
export async function requestCode(send: Send, token: string): Promise<CodeSent> {
  try {
    const { status, body } = await send(`/v2/inboxCode/${encodeURIComponent(token)}`, { json: {} });
    const given = isObject(body) ? body : {};
    const challenge = textOf(given.challenge);
    if (status === 200 && challenge !== null) {
      return { kind: "sent", challenge, recipient: textOf(given.recipient) ?? "" };
    }
    if (status >= 500) return { kind: "failed", tried: "busy" };
    return { kind: "refused", reason: refusalOf(given) };
  } catch (error) {
    if (error instanceof Unreachable) return { kind: "failed", tried: "unreachable" };
    throw error;
  }
}

function resultOf(status: number, body: JsonObject): Sent {
  if (status === 200) {
    if (body.message === "recorded") return { kind: "recorded" };
    const decision = textOf(body.decision);
    return { kind: "already", by: textOf(body.answered_by), on: timeOf(body.answered_on), decision };
  }
  if (status === 409 && body.code === "FAILED") return { kind: "frozen" };
  if (status === 409 && body.code === "CARD_CHANGED") return { kind: "changed" };
  if (status === 409 && body.code === "SELF_APPROVAL") return { kind: "self-approval" };
  if (body.code === "CODE_NEEDED" || body.code === "CODE_WRONG" || body.code === "CODE_EXPIRED") {
    return { kind: "code", reason: refusalOf(body) };
  }
  if (status === 409 && body.code === "SIGN_IN_NEEDED") return { kind: "sign-in" };
  if (status === 409 || status === 410) return { kind: "closed" };
  if (isUnknownLink(status)) return { kind: "invalid" };
  if (status === 429 || status >= 500) return { kind: "failed", tried: "busy" };
  return { kind: "refused", reason: refusalOf(body) };
}

function refusalOf(body: JsonObject): string | null {
  const findings = Array.isArray(body.errors) ? body.errors.filter(isObject) : [];
  const texts = findings.map((finding) => textOf(finding.message)).filter((text) => text !== null);
  return texts.join(" ") || textOf(body.message);
}

function pathOf(token: string): string {
  return `/v2/inbox/${encodeURIComponent(token)}`;
}

// A server that does not distinguish a wrong token from a missing one may answer 403; for the reader both mean the same.
function isUnknownLink(status: number): boolean {
  return status === 404 || status === 403;
}

function itemOf(body: unknown): InboxItem | null {
  const item = isObject(body) ? body.item : null;
  if (!isObject(item) || !isObject(item.card)) return null;
  const status = STATUSES.find((known) => known === item.status);
  if (status === undefined) return null;
  return {
    status,
    card: item.card,
    workflowName: textOf(item.workflow_name),
    recipient: textOf(item.recipient) ?? "",
    openedOn: timeOf(item.opened_on),
    timeoutOn: timeOf(item.timeout_on),
    answeredBy: textOf(item.answered_by),
    answeredOn: timeOf(item.answered_on),
    decision: textOf(item.decision),
    revision: timeOf(item.revision),
    closeReason: closeReasonOf(item.closed_reason),
    passedTo: textOf(item.passed_to),
    approval: approvalOf(item.approval),
    confirm: CONFIRMS.find((known) => known === item.confirm) ?? "link",
    cardId: textOf(item.card_id) ?? "",
  };
}

function approvalOf(value: unknown): Approval | null {
  if (!isObject(value)) return null;
  const decisions = Array.isArray(value.decisions) ? value.decisions.filter(isObject) : [];
  return {
    requester: textOf(value.requester),
    isSequence: value.order === "sequence",
    quorum: timeOf(value.quorum) ?? 1,
    recipients: timeOf(value.recipients) ?? 1,
    decisions: decisions.map((one) => ({
      user: textOf(one.user) ?? "",
      action: textOf(one.action) ?? "",
      comment: textOf(one.comment) ?? "",
    })),
  };
}

function timeOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

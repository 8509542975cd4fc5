/** From a button of a card to an answer: what is asked before, and what is said after. */

import type { AnswerOf } from "../../api/types";
import type { FrameAction } from "../../frame/messages";
import type { JsonObject } from "../../shared/http";
import { textOf } from "../../shared/http";
import type { Result } from "./bulk";

export type CardItem = AnswerOf<"getMyCard">["item"];
type Action = Pick<FrameAction, "style" | "data">;

/** Returns whether an action refuses what is asked for. Only that is confirmed, since it cannot be taken back. */
export function isRefusal({ style, data }: Action): boolean {
  return style === "destructive" || data.action === "reject";
}

const ORDER: readonly Action["style"][] = ["default", "destructive", "positive"];

/** Returns buttons in the order of the screen: what is usually chosen is the last one. */
export function inOrder<Button extends Pick<Action, "style">>(buttons: readonly Button[]): Button[] {
  return [...buttons].sort((one, other) => ORDER.indexOf(one.style) - ORDER.indexOf(other.style));
}

/** Returns whether the answer needs a comment that the card has not got from its reader. */
export function lacksComment({ approval }: Pick<CardItem, "approval">, action: Action): boolean {
  const rule = approval?.comment_required ?? null;
  const isNeeded = rule === "always" || (rule === "reject" && action.data.action === "reject");
  return isNeeded && (textOf(action.data.comment) ?? "").trim() === "";
}

/** Returns what is asked before an answer is sent; nothing for one that is sent at once. */
export function questionOf(item: Pick<CardItem, "approval">, action: Action): "confirm" | "comment" | null {
  if (isRefusal(action)) return "confirm";
  return lacksComment(item, action) ? "comment" : null;
}

/** Returns an answer with its comment, if it is not empty. */
export function withComment(data: JsonObject, comment: string): JsonObject {
  return comment.trim() === "" ? data : { ...data, comment: comment.trim() };
}

const DECISIONS: Readonly<Record<string, "approved" | "rejected">> = {
  approve: "approved",
  approved: "approved",
  reject: "rejected",
  rejected: "rejected",
};

/** Returns what a recorded answer decided: an approval has its outcome there, another card the action of its button. */
export function decisionOf(answer: string): "approved" | "rejected" | null {
  return DECISIONS[answer] ?? null;
}

/** Returns the decision that ended an approval before the reader answered, in the form of a result; null without one. */
export function endOf({ approval }: Pick<CardItem, "approval">): Partial<Result> | null {
  const last = approval?.decisions.at(-1);
  if (last === undefined) return null;
  const { user, action, at, substitute_for: other } = last;
  return { answered_by: user, answered_on: at, decision: action, ...(other !== undefined && { answered_for: other }) };
}

export interface RaceWords {
  approved: (by: string, at: string) => string;
  rejected: (by: string, at: string) => string;
  answered: (by: string, at: string, decision: string) => string;
  forOther: (by: string, other: string) => string;
  someone: string;
  /** The reader decided in another window. */
  own: (at: string, decision: string) => string;
}

/** Returns who decided before the reader's click, what, and when. `reader` is an address. */
export function raceText(
  words: RaceWords,
  result: Partial<Result>,
  time: (at: number) => string,
  reader: string,
): string {
  const { answered_by, answered_for, answered_on, decision } = result;
  const name = answered_by || words.someone;
  const by = answered_for ? words.forOther(name, answered_for) : name;
  const at = answered_on === undefined ? "" : time(answered_on);
  const outcome = decisionOf(decision ?? "");
  if (answered_by?.toLowerCase() === reader.toLowerCase()) return words.own(at, outcome ?? decision ?? "");
  return outcome === null ? words.answered(by, at, decision ?? "") : words[outcome](by, at);
}

/** The page around the card: its head and its notices. Plain elements; no state. */

import type { Decision as CardDecision } from "../frame/card";
import { element } from "../shared/dom";
import { isObject, textOf } from "../shared/http";
import type { Approval, InboxItem } from "./api";
import type { Language, Text } from "./text";
import { decisionOf } from "./words";

export type Tone = "good" | "bad" | "warning" | "plain";

const MARKS: Record<Tone, string> = { good: "✓", bad: "!", warning: "!", plain: "…" };

export interface Notice {
  tone: Tone;
  title: string;
  text: string;
}

/** Returns a message that can take the focus, with a button where there is something to do. */
export function notice({ tone, title, text }: Notice, act?: [label: string, press: () => void]): HTMLElement {
  const words = element("div", { class: "words" }, element("strong", {}, title));
  if (text !== "") words.append(element("p", {}, text));
  if (act !== undefined) {
    const button = element("button", { type: "button", class: "act" }, act[0]);
    button.addEventListener("click", act[1]);
    words.append(button);
  }
  const role = tone === "bad" ? "alert" : "status";
  const mark = element("span", { class: "mark", "aria-hidden": "true" }, MARKS[tone]);
  return element("div", { class: `notice ${tone}`, role, tabindex: "-1" }, mark, words);
}

/** Returns the notice that a link leads nowhere. */
export function invalidLink({ text }: Language): HTMLElement {
  return notice({ tone: "bad", ...text.invalid });
}

/** Shows what was decided, with all that was filled in. */
export function decisionNotice({ text }: Language, { title, inputs }: CardDecision): HTMLElement {
  const shown = notice({ tone: "good", title: text.recorded.title, text: "" });
  const list = element("dl", {});
  const rows = [{ label: text.recorded.decision, value: title || text.recorded.sent }, ...inputs];
  for (const { label, value } of rows) {
    list.append(element("div", {}, element("dt", {}, label), element("dd", {}, value)));
  }
  shown.querySelector(".words")?.append(list, element("p", {}, text.recorded.close));
  return shown;
}

/** Returns why the card takes no answer, or null while it takes one. */
export function outcomeOf(language: Language, item: InboxItem): HTMLElement | null {
  const found = outcome(language, item);
  return found === null ? null : notice(found);
}

/** Returns the notice of an answer that came too late: it changed nothing, and what is shown is the card as it is now. */
export function tooLate(language: Language, item: InboxItem, seen: unknown): HTMLElement {
  const { late } = language.text;
  const found = outcome(language, item, seen);
  const reason = found === null ? "" : `${found.text} `;
  return notice({ tone: "warning", title: late.title, text: `${reason}${late.now}` });
}

/** Returns the notice of an answer that was sent again, although the first one had arrived. */
export function hadArrived(language: Language, item: InboxItem, seen: unknown): HTMLElement {
  const text = outcome(language, item, seen)?.text ?? "";
  return notice({ tone: "good", title: language.text.answered.arrived, text });
}

/** `seen` is the card that the reader had before them, which the workflow may have replaced since. */
function outcome({ text, time }: Language, item: InboxItem, seen: unknown = null): Notice | null {
  switch (item.status) {
    case "OPEN":
      return null;
    case "ANSWERED": {
      const decided = decisionText(text, item.decision ?? "", [item.card, seen]);
      const on = item.answeredOn === null ? "" : time(item.answeredOn);
      return { tone: "good", title: text.answered.title, text: text.answered.text(item.answeredBy ?? "", on, decided) };
    }
    case "FROZEN":
      return { tone: "warning", ...text.frozen };
    case "CLOSED": {
      const { title, passedTo, text: because } = text.closed;
      return {
        tone: "warning",
        title,
        text: item.passedTo === null ? because(item.closeReason) : passedTo(item.passedTo),
      };
    }
  }
}

/** Returns what is shown above a card: for whom it is, since when, until when. */
export function headOf(language: Language, item: InboxItem): HTMLElement {
  const { text } = language;
  const facts = element("p", { class: "facts" });
  const isOpen = item.status === "OPEN";
  if (item.recipient !== "") facts.append(element("span", {}, text.facts.recipient(item.recipient)));
  if (item.openedOn !== null)
    facts.append(element("span", {}, `${text.facts.openedOn} `, timeOf(language, item.openedOn)));
  if (item.timeoutOn !== null && isOpen) {
    facts.append(element("span", { class: "due" }, `${text.facts.answerBy} `, timeOf(language, item.timeoutOn)));
  }
  if (item.approval?.requester) facts.append(element("span", {}, text.facts.requester(item.approval.requester)));
  const head = element("header", { class: "head" }, element("h1", {}, item.workflowName ?? text.request), facts);
  if (item.approval !== null && isOpen) head.append(...progressOf(language, item.approval));
  return head;
}

/** Shows how many must approve where there are several approvers, and who has decided so far. */
function progressOf({ text }: Language, approval: Approval): HTMLElement[] {
  const { quorum, recipients, isSequence, decisions } = approval;
  if (recipients < 2) return [];
  const shown: HTMLElement[] = [element("p", { class: "progress" }, text.quorum(quorum, recipients, isSequence))];
  if (decisions.length > 0) {
    const list = element("ul", { class: "decisions", "aria-label": text.decisionsSoFar });
    for (const { user, action, comment } of decisions) {
      list.append(element("li", {}, `${user}: ${decisionText(text, action)}${comment === "" ? "" : ` – ${comment}`}`));
    }
    shown.push(list);
  }
  return shown;
}

function timeOf({ time }: Language, at: number): HTMLElement {
  return element("time", { datetime: new Date(at).toISOString() }, time(at));
}

/** Returns the title of the button that sends this action, in a card or any part of it, or null where there is none. */
function titleOf(card: unknown, action: string): string | null {
  if (typeof card !== "object" || card === null) return null;
  if (isObject(card) && isObject(card.data) && card.data.action === action && textOf(card.title))
    return textOf(card.title);
  for (const part of Object.values(card)) {
    const found = titleOf(part, action);
    if (found !== null) return found;
  }
  return null;
}

/** Returns the text of a decision: of an approval in the reader's language, else the title of its button, else the action. */
function decisionText(text: Text, action: string, cards: unknown[] = []): string {
  const decided = decisionOf(action);
  return decided === null ? (titleOf(cards, action) ?? action) : text.decision(decided);
}

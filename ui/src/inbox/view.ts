/** What the page says around the card. Plain elements; no state. */

import { element } from "../shared/dom";
import type { Approval, InboxItem } from "./api";
import type { Decision } from "./card";

export type Tone = "good" | "bad" | "warning" | "plain";

const MARKS: Record<Tone, string> = { good: "✓", bad: "!", warning: "!", plain: "…" };

/** A message that takes the focus, with a button where there is something to do. */
export function notice(
  { tone, title, text }: { tone: Tone; title: string; text: string },
  act?: [label: string, press: () => void],
): HTMLElement {
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

export function invalidLink(): HTMLElement {
  const text = "It may be incomplete, or the request may have ended. Open the link from the original message again.";
  return notice({ tone: "bad", title: "This link is not valid", text });
}

/** Says what was decided, with all that was filled in. */
export function recorded({ title, inputs }: Decision): HTMLElement {
  const shown = notice({ tone: "good", title: "Thank you. Your answer is recorded.", text: "" });
  const list = element("dl", {});
  for (const [label, value] of [["Your decision", title || "Sent"], ...inputs.map((input) => [input.label, input.value])]) {
    list.append(element("div", {}, element("dt", {}, label ?? ""), element("dd", {}, value ?? "")));
  }
  shown.querySelector(".words")?.append(list, element("p", {}, "You can close this page."));
  return shown;
}

/** Returns why the card takes no answer, or null while it does. */
export function outcomeOf(item: InboxItem): HTMLElement | null {
  switch (item.status) {
    case "OPEN":
      return null;
    case "ANSWERED": {
      const by = item.answeredBy === null ? "" : ` by ${item.answeredBy}`;
      const on = item.answeredOn === null ? "" : ` on ${timeText(item.answeredOn)}`;
      const what = item.decision === null ? "" : ` (${item.decision})`;
      return notice({ tone: "good", title: "Already answered", text: `This request was answered${by}${on}${what}.` });
    }
    case "FROZEN": {
      const text = "Something failed on the way, and an operator has to decide first. Open this page again later.";
      return notice({ tone: "warning", title: "This request cannot be answered at the moment", text });
    }
    case "CLOSED":
      return notice({ tone: "warning", title: "This request is closed", text: closedOf(item) });
  }
}

export function headOf(item: InboxItem): HTMLElement {
  const facts = element("p", { class: "facts" });
  if (item.recipient !== "") facts.append(element("span", {}, `For ${item.recipient}`));
  if (item.openedOn !== null) facts.append(element("span", {}, "Asked ", timeOf(item.openedOn)));
  if (item.timeoutOn !== null && item.status === "OPEN") {
    facts.append(element("span", { class: "due" }, "Answer by ", timeOf(item.timeoutOn)));
  }
  if (item.approval?.requester) facts.append(element("span", {}, `Requested by ${item.approval.requester}`));
  const head = element("header", { class: "head" }, element("h1", {}, item.workflowName), facts);
  if (item.approval !== null && item.status === "OPEN") head.append(...progressOf(item.approval));
  return head;
}

function closedOf(item: InboxItem): string {
  const text = item.closedText;
  return text === null || text === "" ? "No answer is needed any more." : `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}

/** Says how many must approve where several are asked, and who has decided so far. */
function progressOf(approval: Approval): HTMLElement[] {
  if (approval.recipients < 2) return [];
  const order = approval.isSequence ? ", one after the other" : "";
  const needed = `${approval.quorum} of ${approval.recipients} must approve${order}.`;
  const shown: HTMLElement[] = [element("p", { class: "progress" }, needed)];
  if (approval.decisions.length > 0) {
    const list = element("ul", { class: "decisions", "aria-label": "Decisions so far" });
    for (const { user, action, comment } of approval.decisions) {
      list.append(element("li", {}, `${user}: ${action}${comment === "" ? "" : ` – ${comment}`}`));
    }
    shown.push(list);
  }
  return shown;
}

function timeOf(at: number): HTMLElement {
  return element("time", { datetime: new Date(at).toISOString() }, timeText(at));
}

function timeText(at: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(at);
}

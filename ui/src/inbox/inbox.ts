/** The page of one card: loads it, lets its reader decide once, and says truthfully what became of it. */

import { element } from "../shared/dom";
import type { Send } from "../shared/http";
import { answer, type InboxItem, load, type Sent } from "./api";
import { type Decision, drawCard, type DrawnCard } from "./card";
import { headOf, invalidLink, notice, outcomeOf, recorded } from "./view";

export interface Surroundings {
  root: HTMLElement;
  token: string;
  send: Send;
  openUrl: (url: string) => void;
  pause: (milliseconds: number) => Promise<void>;
}

// The workflow continues after the answer and may draw the card again ("Approved by ..."); the page looks a few times.
const LOOK_AGAIN_MS = [800, 1500, 3000, 5000];

export class Inbox {
  readonly #around: Surroundings;
  #drawn: DrawnCard | null = null;
  #isSending = false;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Loads the card and shows it. */
  async start(): Promise<void> {
    const loaded = await load(this.#around.send, this.#around.token);
    switch (loaded.kind) {
      case "item":
        return this.#show(loaded.item);
      case "invalid":
        return this.#replace(invalidLink());
      case "failed":
        return this.#replace(
          notice({ tone: "bad", title: "The request could not be loaded", text: loaded.reason }, [
            "Try again",
            () => void this.#reload(),
          ]),
        );
    }
  }

  async #reload(): Promise<void> {
    this.#replace(element("p", { class: "loading", role: "status" }, "Loading the request …"));
    await this.start();
  }

  #show(item: InboxItem): void {
    document.title = `${item.workflowName} · Looply`;
    const outcome = outcomeOf(item);
    const { openUrl } = this.#around;
    this.#drawn =
      outcome === null
        ? drawCard(item.card, { openUrl, onDecision: (decision) => void this.#decide(item, decision) })
        : drawCard(item.card, { openUrl });
    const shown = this.#drawn?.element ?? notice({ tone: "bad", title: "This card cannot be shown", text: "" });
    this.#replace(headOf(item), element("div", { id: "result" }), element("section", { class: "card" }, shown));
    if (outcome !== null) this.#say(outcome);
  }

  async #decide(item: InboxItem, decision: Decision): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#drawn?.setEnabled(false);
    this.#say(notice({ tone: "plain", title: "Sending your answer …", text: "" }));
    const sent = await answer(this.#around.send, this.#around.token, decision.data, item.revision);
    this.#isSending = false;
    await this.#finish(item, decision, sent);
  }

  async #finish(item: InboxItem, decision: Decision, sent: Sent): Promise<void> {
    switch (sent.kind) {
      case "recorded":
        this.#settle({ ...item, status: "ANSWERED" }, recorded(decision));
        return this.#followUp(item);
      case "already":
        return this.#settle({ ...item, status: "ANSWERED", answeredBy: sent.by, answeredOn: sent.on, decision: sent.decision });
      case "closed":
        return this.#settle({ ...item, status: "CLOSED", closedText: sent.reason });
      case "changed":
        await this.#reload();
        return this.#say(
          notice({
            tone: "warning",
            title: "The request has changed",
            text: "Nothing was recorded. Look at it again before you decide.",
          }),
        );
      case "frozen":
        return this.#settle({ ...item, status: "FROZEN" });
      case "invalid":
        return this.#replace(invalidLink());
      case "refused":
        this.#drawn?.setEnabled(true);
        return this.#say(notice({ tone: "bad", title: "Your answer was not accepted", text: sent.reason }));
      case "failed":
        this.#drawn?.setEnabled(true);
        return this.#say(
          notice(
            { tone: "bad", title: "Your answer may not have arrived", text: `${sent.reason} What you filled in is kept.` },
            ["Send again", decision.repeat],
          ),
        );
    }
  }

  /** Shows the card without inputs and buttons, under what became of it. */
  #settle(item: InboxItem, result: HTMLElement | null = outcomeOf(item)): void {
    this.#around.root.querySelector(".head")?.replaceWith(headOf(item));
    this.#redraw(item);
    if (result !== null) this.#say(result);
  }

  #redraw(item: InboxItem): void {
    const drawn = drawCard(item.card, { openUrl: this.#around.openUrl });
    if (drawn !== null) this.#around.root.querySelector(".card")?.replaceChildren(drawn.element);
  }

  async #followUp(item: InboxItem): Promise<void> {
    for (const pause of LOOK_AGAIN_MS) {
      await this.#around.pause(pause);
      const loaded = await load(this.#around.send, this.#around.token);
      if (loaded.kind === "item" && JSON.stringify(loaded.item.card) !== JSON.stringify(item.card)) {
        return this.#redraw(loaded.item);
      }
    }
  }

  #say(result: HTMLElement): void {
    const place = this.#around.root.querySelector("#result");
    place?.replaceChildren(result);
    result.focus({ preventScroll: true });
    result.scrollIntoView?.({ block: "nearest" });
  }

  #replace(...content: HTMLElement[]): void {
    this.#around.root.replaceChildren(...content);
  }
}

/** The page of one card: loads it, sends one decision of its reader, and shows what the server recorded. */

import { type Decision, type DrawnCard, drawCard } from "../frame/card";
import { element } from "../shared/dom";
import type { Send } from "../shared/http";
import { answer, type InboxItem, type Loaded, load, type Proof, requestCode, type Sent } from "./api";
import { ask, digits } from "./asking";
import type { Language } from "./text";
import { decisionNotice, hadArrived, headOf, invalidLink, notice, outcomeOf, tooLate } from "./view";

export interface Surroundings {
  root: HTMLElement;
  token: string;
  language: Language;
  send: Send;
  openUrl: (url: string) => void;
  pause: (milliseconds: number) => Promise<void>;
  /** Whether a person has touched the page; without that an answer is sent after a second step alone. */
  hasPerson: () => boolean;
}

// After the answer the workflow may replace the card ("Approved by ..."); the page looks a few times.
const LOOK_AGAIN_MS = [800, 1500, 3000, 5000];

export class Inbox {
  readonly #around: Surroundings;
  #drawn: DrawnCard | null = null;
  #isSending = false;
  #mayHaveArrived = false;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Loads the card and shows it. */
  async start(): Promise<void> {
    const { language } = this.#around;
    const { text } = language;
    const loaded = await this.#load();
    switch (loaded.kind) {
      case "item":
        return this.#show(loaded.item);
      case "invalid":
        return this.#replace(invalidLink(language));
      case "failed":
        return this.#replace(
          notice({ tone: "bad", title: text.failed.load, text: text.tried(loaded.tried) }, [
            text.tryAgain,
            () => void this.#reload(),
          ]),
        );
    }
  }

  async #load(): Promise<Loaded> {
    return load(this.#around.send, this.#around.token);
  }

  async #reload(): Promise<void> {
    this.#replace(element("p", { class: "loading", role: "status" }, this.#around.language.text.loading));
    await this.start();
  }

  #show(item: InboxItem): void {
    const { language } = this.#around;
    document.title = `${item.workflowName ?? language.text.request} · Looply`;
    const outcome = outcomeOf(language, item);
    this.#drawn = this.#draw(item, outcome === null ? (decision) => void this.#decide(item, decision) : undefined);
    const shown = this.#drawn?.element ?? notice({ tone: "bad", title: language.text.unshown, text: "" });
    this.#replace(
      headOf(language, item),
      element("div", { id: "result" }),
      element("section", { class: "card" }, shown),
    );
    if (outcome !== null) this.#say(outcome);
  }

  #draw({ card }: InboxItem, onDecision?: (decision: Decision) => void): DrawnCard | null {
    const { openUrl, language } = this.#around;
    const options = { openUrl, locale: language.locale, moreActions: language.text.moreActions };
    return drawCard(card, { ...options, ...(onDecision === undefined ? {} : { onDecision }) });
  }

  async #decide(item: InboxItem, decision: Decision): Promise<void> {
    if (this.#isSending) return;
    if (item.confirm === "sign_in") return this.#askToSignIn(item);
    if (item.confirm === "code") return this.#askForCode(item, decision);
    if (!this.#around.hasPerson()) return this.#askForDigits(item, decision);
    return this.#send(item, decision, null);
  }

  async #send(item: InboxItem, decision: Decision, proof: Proof | null): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#drawn?.setEnabled(false);
    this.#say(notice({ tone: "plain", title: this.#around.language.text.sending, text: "" }));
    const sent = await answer(this.#around.send, this.#around.token, decision.data, item.revision, proof);
    this.#isSending = false;
    await this.#finish(item, decision, sent, proof);
  }

  #askToSignIn({ cardId }: InboxItem): void {
    const { language, openUrl } = this.#around;
    const { title, text, open } = language.text.signIn;
    const address = `/app/inbox?card=${encodeURIComponent(cardId)}`;
    this.#say(notice({ tone: "warning", title, text }, [open, () => openUrl(address)]));
  }

  #askForDigits(item: InboxItem, decision: Decision): void {
    const { title, text, label, verb } = this.#around.language.text.person;
    const shown = digits();
    const onAnswer = (typed: string) => {
      if (typed === shown) void this.#send(item, decision, null);
      else this.#askForDigits(item, decision);
    };
    this.#say(ask({ title, text: text(shown), label, verb, onAnswer }));
  }

  /** Has a code sent to the recipient, and asks for it; `wrong` says why the last one did not do. */
  async #askForCode(item: InboxItem, decision: Decision, wrong = ""): Promise<void> {
    const { language, send, token } = this.#around;
    const { title, text, label, verb, again, notSent } = language.text.code;
    this.#isSending = true;
    const sent = await requestCode(send, token);
    this.#isSending = false;
    switch (sent.kind) {
      case "sent": {
        const { challenge, recipient } = sent;
        const onAnswer = (code: string) => void this.#send(item, decision, { challenge, code });
        const more = { label: again, press: () => void this.#askForCode(item, decision) };
        return this.#say(ask({ title, text: `${wrong} ${text(recipient)}`.trim(), label, verb, onAnswer, more }));
      }
      case "refused":
        return this.#say(notice({ tone: "bad", title: notSent, text: sent.reason ?? "" }));
      case "failed":
        return this.#say(
          notice({ tone: "bad", title: notSent, text: language.text.tried(sent.tried) }, [again, decision.repeat]),
        );
    }
  }

  /** Asks for the code once more, of the same mail. */
  #askAgain(item: InboxItem, decision: Decision, challenge: string, reason: string): void {
    const { title, label, verb, again } = this.#around.language.text.code;
    const onAnswer = (code: string) => void this.#send(item, decision, { challenge, code });
    const more = { label: again, press: () => void this.#askForCode(item, decision) };
    this.#drawn?.setEnabled(true);
    this.#say(ask({ title, text: reason, label, verb, onAnswer, more }));
  }

  async #finish(item: InboxItem, decision: Decision, sent: Sent, proof: Proof | null): Promise<void> {
    const { language } = this.#around;
    const { text } = language;
    switch (sent.kind) {
      case "recorded":
        this.#settle({ ...item, status: "ANSWERED" }, decisionNotice(language, decision));
        return this.#followUp(item);
      case "already":
        return this.#comeTooLate({
          ...item,
          status: "ANSWERED",
          answeredBy: sent.by,
          answeredOn: sent.on,
          decision: sent.decision,
        });
      case "closed":
        return this.#comeTooLate({ ...item, status: "CLOSED" });
      case "frozen":
        return this.#comeTooLate({ ...item, status: "FROZEN" });
      case "changed":
        await this.#reload();
        return this.#say(notice({ tone: "warning", ...text.changed }));
      case "invalid":
        return this.#replace(invalidLink(language));
      case "code": {
        const reason = sent.reason ?? text.refused.unknown;
        return this.#askAgain(item, decision, proof?.challenge ?? "", reason);
      }
      case "sign-in":
        this.#drawn?.setEnabled(true);
        return this.#askToSignIn(item);
      case "self-approval":
        return this.#refuse(text.refused.selfApproval);
      case "refused":
        return this.#refuse(sent.reason ?? text.refused.unknown);
      case "failed": {
        this.#mayHaveArrived = true;
        this.#drawn?.setEnabled(true);
        const why = `${text.tried(sent.tried)} ${text.failed.kept}`;
        return this.#say(
          notice({ tone: "bad", title: text.failed.send, text: why }, [text.sendAgain, decision.repeat]),
        );
      }
    }
  }

  #refuse(reason: string): void {
    this.#drawn?.setEnabled(true);
    this.#say(notice({ tone: "bad", title: this.#around.language.text.refused.title, text: reason }));
  }

  /** Shows the request as the server has it now, since the answer changed nothing; as `known` when it cannot be read. */
  async #comeTooLate(known: InboxItem): Promise<void> {
    const { language } = this.#around;
    const loaded = await this.#load();
    const item = loaded.kind === "item" && loaded.item.status !== "OPEN" ? loaded.item : known;
    const isOwn = this.#mayHaveArrived && item.status === "ANSWERED" && item.answeredBy === item.recipient;
    this.#settle(item, isOwn ? hadArrived(language, item, known.card) : tooLate(language, item, known.card));
  }

  /** Shows the card without inputs and buttons, under the result. */
  #settle(item: InboxItem, result: HTMLElement): void {
    this.#around.root.querySelector(".head")?.replaceWith(headOf(this.#around.language, item));
    this.#redraw(item);
    this.#say(result);
  }

  #redraw(item: InboxItem): void {
    const drawn = this.#draw(item);
    if (drawn !== null) this.#around.root.querySelector(".card")?.replaceChildren(drawn.element);
  }

  async #followUp(item: InboxItem): Promise<void> {
    for (const pause of LOOK_AGAIN_MS) {
      await this.#around.pause(pause);
      const loaded = await this.#load();
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

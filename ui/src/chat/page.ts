/** The page: who is reading, their cards, and what becomes of them. It asks for news once a second. */

import { element } from "../shared/dom";
import { Unreachable } from "../shared/http";
import type { Calls, Chat, ShownMessage } from "./calls";
import { ChatCard } from "./card";
import type { Text } from "./text";

export interface PageOptions {
  root: HTMLElement;
  /** Who is reading; empty: the first person. */
  user: string;
  calls: Calls;
  text: Text;
  locale: string;
  openUrl: (url: string) => void;
  pause: (milliseconds: number) => Promise<void>;
}

interface Row {
  card: ChatCard;
  changes: number;
  element: HTMLElement;
}

const NEWS_MS = 1_000;

export class ChatPage {
  readonly #options: PageOptions;
  readonly #rows = new Map<string, Row>();
  readonly #people: HTMLElement;
  readonly #isBlocked = element("input", { type: "checkbox" });
  readonly #list = element("ol", { class: "messages" });
  readonly #empty: HTMLElement;
  readonly #notice = element("p", { class: "notice", role: "alert" });
  #reader = "";
  #mri = "";

  constructor(options: PageOptions) {
    this.#options = options;
    const { text } = options;
    this.#people = element("nav", { "aria-label": text.people });
    this.#empty = element("p", { class: "empty" }, text.empty);
    this.#isBlocked.addEventListener("change", () => void this.#block());
    options.root.replaceChildren(
      element(
        "header",
        {},
        element("h1", {}, text.title),
        this.#people,
        element("label", {}, this.#isBlocked, ` ${text.block}`),
      ),
      element("main", {}, this.#notice, this.#list, this.#empty),
      element("footer", {}, text.about, " ", element("a", { href: "/mails" }, text.mailbox)),
    );
    this.#say(null);
  }

  /** Shows the chat, and what is new in it, for as long as the page is open. */
  async run(): Promise<never> {
    for (;;) {
      await this.update();
      await this.#options.pause(NEWS_MS);
    }
  }

  /** Shows the chat as it is now. */
  async update(): Promise<void> {
    try {
      const chat = await this.#options.calls.read(this.#options.user);
      if (chat === null) return this.#say(this.#options.text.refused);
      if (this.#notice.textContent === this.#options.text.unreachable) this.#say(null);
      this.#show(chat);
    } catch (error) {
      this.#fail(error);
    }
  }

  #show(chat: Chat): void {
    this.#mri = chat.reader.mri;
    this.#isBlocked.checked = chat.reader.isBlocked;
    if (this.#reader !== chat.reader.id) {
      this.#reader = chat.reader.id;
      this.#people.replaceChildren(
        ...chat.people.map(({ id, name }) => {
          const current = id === this.#reader ? { "aria-current": "page" } : {};
          return element("a", { href: `?user=${encodeURIComponent(id)}`, ...current }, name);
        }),
      );
    }
    const kept = new Set(chat.messages.map(({ id }) => id));
    for (const [id, { element: shown }] of this.#rows) {
      if (kept.has(id)) continue;
      shown.remove();
      this.#rows.delete(id);
    }
    for (const message of chat.messages) this.#showMessage(message);
    this.#empty.hidden = chat.messages.length > 0;
  }

  /** Shows a message, unless it is shown as it is: what a reader fills in stays until the bot updates the card. */
  #showMessage(message: ShownMessage): void {
    const row = this.#rows.get(message.id) ?? this.#add(message);
    if (row.changes === message.changes) return;
    row.changes = message.changes;
    row.card.show(message.card);
  }

  #add({ id, conversation }: ShownMessage): Row {
    const { text, calls, locale, openUrl } = this.#options;
    const card = new ChatCard({
      locale,
      openUrl,
      mri: this.#mri,
      press: (press) => calls.press({ ...press, user: this.#reader, message: id }),
      report: (failure) => {
        if (failure === null) return this.#say(null);
        this.#say(failure.isReached ? failure.message || text.refused : text.unreachable);
      },
    });
    const refresh = element("button", { type: "button", class: "refresh" }, text.refresh);
    refresh.addEventListener("click", () => card.refresh());
    const place = conversation === "" ? [] : [element("p", { class: "place" }, conversation)];
    const shown = element("li", { "data-message": id }, ...place, card.element, refresh);
    this.#list.append(shown);
    const row = { card, changes: -1, element: shown };
    this.#rows.set(id, row);
    return row;
  }

  async #block(): Promise<void> {
    try {
      const isDone = await this.#options.calls.block(this.#reader, this.#isBlocked.checked);
      this.#say(isDone ? null : this.#options.text.refused);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof Unreachable)) throw error;
    this.#say(this.#options.text.unreachable);
  }

  #say(text: string | null): void {
    this.#notice.textContent = text ?? "";
    this.#notice.hidden = text === null;
  }
}

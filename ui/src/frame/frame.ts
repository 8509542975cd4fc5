/** The inside of the frame: draws the card that the app sends, and reports what its reader does. */

import { isRepeat } from "../shared/presses";
import { type Decision, type DrawnCard, drawCard } from "./card";
import { withoutRemoteImages } from "./images";
import type { FrameTheme, FromFrame, ToFrame } from "./messages";

const TYPING = "input, textarea, select, button, a";

type CardMessage = Extract<ToFrame, { kind: "card" }>;

export interface FrameSurroundings {
  root: HTMLElement;
  post: (message: FromFrame) => void;
  takeTheme: (theme: FrameTheme) => void;
}

/** Returns what takes the messages of the app. */
export function createFrame({ root, post, takeTheme }: FrameSurroundings): (message: ToFrame) => void {
  let drawn: DrawnCard | null = null;
  let marked: readonly string[] = [];
  // The card decides while its button is being pressed.
  let isKey = false;

  const show = (message: CardMessage): void => {
    document.documentElement.lang = message.words.locale;
    document.documentElement.dataset.look = message.look;
    root.toggleAttribute("data-designed", message.isDesigned);
    drawn = draw(message);
    root.replaceChildren(...(drawn === null ? [] : [drawn.element]));
    if (drawn === null) {
      post({ kind: "unshown" });
      return;
    }
    if (!message.isDesigned) drawn.hideButtons();
    mark(root, marked);
    const buttons = drawn.buttons.map(({ title, style }) => ({ title, style }));
    post({ kind: "drawn", buttons });
    // The observer of the page reports later changes only.
    post({ kind: "height", height: root.scrollHeight });
  };

  const draw = ({ card, isOpen, words, look }: CardMessage): DrawnCard | null => {
    const { locale, moreActions, imageSign: sign, unnamedImage: unnamed } = words;
    const options = { locale, moreActions, look, openUrl: (url: string) => post({ kind: "link", url }) };
    try {
      const safe = withoutRemoteImages(card, { sign, unnamed });
      return drawCard(safe, isOpen ? { ...options, onDecision: decide } : options);
    } catch {
      // What the renderer cannot take, such as a card that is nested too deeply.
      return null;
    }
  };

  const decide = ({ title, style, data }: Decision): void =>
    post({ kind: "action", action: { title, style, data, isKey } });

  reportInput(root, post);

  return (message) => {
    switch (message.kind) {
      case "card":
        takeTheme(message.theme);
        return show(message);
      case "theme":
        return takeTheme(message.theme);
      case "enable":
        return drawn?.setEnabled(message.isEnabled);
      case "press":
        isKey = message.isKey;
        drawn?.buttons[message.at]?.press();
        isKey = false;
        return;
      case "mark":
        marked = message.parts;
        return mark(root, marked);
      case "focus":
        return focusInput(root, message.input);
    }
  };
}

/** Reports what the reader presses in the card, and the keys that are not typed into it. */
function reportInput(root: HTMLElement, post: FrameSurroundings["post"]): void {
  // Before the buttons of the card, which keep the click to themselves.
  const choose = (event: MouseEvent): void => {
    const part = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-part]") : null;
    if (part?.dataset.part !== undefined) post({ kind: "part", part: part.dataset.part });
  };
  root.addEventListener("click", choose, { capture: true });
  root.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null) return;
    event.preventDefault();
    if (link.href !== "") post({ kind: "link", url: link.href });
  });
  document.addEventListener("keydown", (event) => {
    const typedIn = event.target instanceof Element ? event.target.closest<HTMLElement>(TYPING) : null;
    // The keys of the app work again once the reader has left the input.
    if (event.key === "Escape") typedIn?.blur();
    const isTyping = typedIn !== null;
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    post({ kind: "key", key: event.key, isRepeat: isRepeat(event) });
  });
}

function mark(root: HTMLElement, parts: readonly string[]): void {
  for (const part of root.querySelectorAll<HTMLElement>("[data-part]")) {
    part.toggleAttribute("data-marked", parts.includes(part.dataset.part ?? ""));
  }
}

// The renderer puts the id of an input into that of its element.
function focusInput(root: HTMLElement, id: string): void {
  const inputs = [...root.querySelectorAll<HTMLElement>("input, textarea, select")];
  (inputs.find((input) => input.id.includes(id)) ?? inputs[0])?.focus();
}

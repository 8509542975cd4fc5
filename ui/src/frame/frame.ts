/** The inside of the frame: draws the card that the app sends, and reports what its reader does. */

import type { JsonObject } from "../shared/http";
import { type Decision, type DrawnCard, drawCard } from "./card";
import { withoutRemoteImages } from "./images";
import type { FrameTheme, FrameWords, FromFrame, ToFrame } from "./messages";

const TYPING = "input, textarea, select, button, a";

export interface FrameSurroundings {
  root: HTMLElement;
  post: (message: FromFrame) => void;
  takeTheme: (theme: FrameTheme) => void;
}

/** Returns what takes the messages of the app. */
export function createFrame({ root, post, takeTheme }: FrameSurroundings): (message: ToFrame) => void {
  let drawn: DrawnCard | null = null;

  const show = (card: JsonObject, isOpen: boolean, words: FrameWords): void => {
    document.documentElement.lang = words.locale;
    drawn = draw(card, isOpen, words);
    root.replaceChildren(...(drawn === null ? [] : [drawn.element]));
    if (drawn === null) {
      post({ kind: "unshown" });
      return;
    }
    drawn.hideButtons();
    const buttons = drawn.buttons.map(({ title, style }) => ({ title, style }));
    post({ kind: "drawn", buttons });
    // The observer of the page reports later changes only.
    post({ kind: "height", height: root.scrollHeight });
  };

  const draw = (card: JsonObject, isOpen: boolean, words: FrameWords): DrawnCard | null => {
    const { locale, moreActions, imageSign: sign, unnamedImage: unnamed } = words;
    const options = { locale, moreActions, openUrl: (url: string) => post({ kind: "link", url }) };
    try {
      const safe = withoutRemoteImages(card, { sign, unnamed });
      return drawCard(safe, isOpen ? { ...options, onDecision: decide } : options);
    } catch {
      // What the renderer cannot take, such as a card that is nested too deeply.
      return null;
    }
  };

  const decide = ({ title, style, data }: Decision): void => post({ kind: "action", action: { title, style, data } });

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
    if (!isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) post({ kind: "key", key: event.key });
  });

  return (message) => {
    switch (message.kind) {
      case "card":
        takeTheme(message.theme);
        return show(message.card, message.isOpen, message.words);
      case "theme":
        return takeTheme(message.theme);
      case "enable":
        return drawn?.setEnabled(message.isEnabled);
      case "press":
        return drawn?.buttons[message.at]?.press();
      case "focus":
        return focusInput(root, message.input);
    }
  };
}

// The renderer puts the id of an input into that of its element.
function focusInput(root: HTMLElement, id: string): void {
  const inputs = [...root.querySelectorAll<HTMLElement>("input, textarea, select")];
  (inputs.find((input) => input.id.includes(id)) ?? inputs[0])?.focus();
}

/** A question below which the reader types an answer: a code from a mail, or a number that a script does not read. */

import { element } from "../shared/dom";

export interface Question {
  title: string;
  text: string;
  label: string;
  verb: string;
  onAnswer: (typed: string) => void;
  /** A further button, such as for a new code. */
  more?: { label: string; press: () => void };
}

/** Returns a question as a form. It can take the focus, which goes to its field. */
export function ask({ title, text, label, verb, onAnswer, more }: Question): HTMLElement {
  const field = element("input", {
    type: "text",
    inputmode: "numeric",
    autocomplete: "one-time-code",
    maxlength: "12",
  });
  const form = element("form", { class: "asking" }, element("label", {}, label, field));
  const buttons = element("div", { class: "acts" }, element("button", { type: "submit", class: "act" }, verb));
  if (more !== undefined) {
    const button = element("button", { type: "button", class: "act" }, more.label);
    button.addEventListener("click", more.press);
    buttons.append(button);
  }
  form.append(buttons);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim() !== "") onAnswer(field.value.trim());
  });
  const words = element("div", { class: "words" }, element("strong", {}, title), element("p", {}, text), form);
  const mark = element("span", { class: "mark", "aria-hidden": "true" }, "?");
  const shown = element(
    "div",
    { class: "notice plain", role: "group", "aria-label": title, tabindex: "-1" },
    mark,
    words,
  );
  shown.addEventListener("focus", () => field.focus());
  return shown;
}

/** Returns three digits, which a page shows and its reader types. */
export function digits(): string {
  const [drawn = 0] = crypto.getRandomValues(new Uint16Array(1));
  return String(100 + (drawn % 900));
}

/** Returns whether a person has touched the page: the browser vouches for pointers and keys, not for clicks by scripts. */
export function watchPerson(page: Document): () => boolean {
  let isSeen = false;
  const see = (event: Event) => {
    isSeen ||= event.isTrusted;
  };
  for (const kind of ["pointerdown", "keydown", "touchstart"]) page.addEventListener(kind, see, { capture: true });
  return () => isSeen;
}

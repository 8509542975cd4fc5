import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";
import { installScreen } from "./fakes/screen";

// jsdom has no layout and so no innerText; the renderer writes plain texts through it.
Object.defineProperty(HTMLElement.prototype, "innerText", {
  configurable: true,
  get(this: HTMLElement) {
    return this.textContent;
  },
  set(this: HTMLElement, text: string) {
    this.textContent = text;
  },
});

// A screen loads its chunk first, on a machine that does other work too.
// What is hidden counts too: to compute what is seen takes jsdom a second for each look at a form.
configure({ asyncUtilTimeout: 30_000, defaultHidden: true });
installScreen();
afterEach(() => {
  cleanup();
  localStorage.clear();
  installScreen();
});

// jsdom captures no pointer.
HTMLElement.prototype.setPointerCapture = () => undefined;
HTMLElement.prototype.hasPointerCapture = () => false;

// jsdom scrolls nowhere.
window.scrollTo = () => undefined;

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

// jsdom measures nothing; the editor of expressions asks where its characters are.
const NOWHERE = { x: 0, y: 0, top: 0, left: 0, right: 0, bottom: 0, width: 0, height: 0 };
Range.prototype.getBoundingClientRect = () => ({ ...NOWHERE, toJSON: () => NOWHERE });
Range.prototype.getClientRects = () => Object.assign([], { item: () => null });

import { cleanup, configure } from "@testing-library/react";
import fc from "fast-check";
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

// Each run takes the same cases, so that a change is what makes a property fail. More and others: LOOPLY_TEST_SEED, LOOPLY_TEST_RUNS.
const { LOOPLY_TEST_SEED: seed = "1", LOOPLY_TEST_RUNS: runs = "100" } = process.env;
fc.configureGlobal({ seed: Number(seed), numRuns: Number(runs) });
afterEach(() => {
  cleanup();
  localStorage.clear();
  installScreen();
});

// jsdom compares each rule of each style sheet with an element whose style is asked for, which was two thirds of the time
// of all tests. What the sheets say needs a real browser; the stories look at it.
const USUAL: Readonly<Record<string, string>> = { display: "block", visibility: "visible", opacity: "1" };
const INLINE = "a, b, button, code, em, i, input, kbd, label, span, strong, svg";
/** A second copy of the name of a tab keeps the width that it has in bold. */
const RESERVED = ".fui-Tab__content--reserved-space";
window.getComputedStyle = (element, pseudo) => {
  const { style } = element as HTMLElement;
  const usual = { ...USUAL };
  if (element.matches(INLINE)) usual.display = "inline";
  if (element.hasAttribute("hidden") && !pseudo) usual.display = "none";
  if (element.matches(RESERVED)) usual.visibility = "hidden";
  const read = (name: string): string => style.getPropertyValue(name) || (usual[name] ?? "");
  return new Proxy(style, {
    get(target, name) {
      if (name === "getPropertyValue") return read;
      if (typeof name === "string" && name in usual) return read(name);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
};

// jsdom captures no pointer.
HTMLElement.prototype.setPointerCapture = () => undefined;
HTMLElement.prototype.hasPointerCapture = () => false;

// jsdom scrolls nowhere.
window.scrollTo = () => undefined;

// jsdom measures nothing; the editor of expressions asks where its characters are.
const NOWHERE = { x: 0, y: 0, top: 0, left: 0, right: 0, bottom: 0, width: 0, height: 0 };
Range.prototype.getBoundingClientRect = () => ({ ...NOWHERE, toJSON: () => NOWHERE });
Range.prototype.getClientRects = () => Object.assign([], { item: () => null });

/** The entry of the frame in which cards are drawn. It has an origin of its own: no cookies, no calls, no other window. */

import { watchPresses } from "../shared/presses";
import { createFrame } from "./frame";
import { type FrameTheme, type FromFrame, toFrameOf } from "./messages";

const root = document.getElementById("card");
const isDarkRule = (rule: CSSRule): rule is CSSMediaRule =>
  rule instanceof CSSMediaRule && rule.media.mediaText.includes("prefers-color-scheme: dark");
const darkRules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules].filter(isDarkRule));

// The app may have another theme than the device, by which the style sheet chooses.
function takeTheme(theme: FrameTheme): void {
  for (const rule of darkRules) rule.media.mediaText = theme === "light" ? "not all" : "all";
  document.documentElement.dataset.theme = theme;
}

if (root !== null && parent !== window) {
  // The frame does not know the origin of the app; what it sends is for the page that shows it.
  const post = (message: FromFrame): void => parent.postMessage(message, "*");
  const take = createFrame({ root, post, takeTheme });
  addEventListener("message", (event) => {
    const message = event.source === parent ? toFrameOf(event.data) : null;
    if (message !== null) take(message);
  });
  watchPresses(window);
  new ResizeObserver(() => post({ kind: "height", height: root.scrollHeight })).observe(root);
  post({ kind: "ready" });
}

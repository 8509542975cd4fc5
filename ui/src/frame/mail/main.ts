/** The entry of the frame in which mails are drawn. It has an origin of its own: no cookies, no calls, no other window. */

import { mailBody, toMailOf, withoutHandlers } from "./mail";
import type { FromMail } from "./messages";

interface Policy {
  createHTML: (text: string) => string;
}

interface Factory {
  createPolicy: (name: string, rules: Policy) => Policy;
}

// TypeScript does not know trusted types yet; a browser without them takes texts.
const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const asIs: Policy = { createHTML: (text) => text };
const policy = factory?.createPolicy("mail", asIs) ?? asIs;

const root = document.getElementById("mail");

if (root !== null && parent !== window) {
  // The frame does not know the origin of the app; what it sends is for the page that shows it.
  const post = (message: FromMail): void => parent.postMessage(message, "*");
  addEventListener("message", (event) => {
    const message = event.source === parent ? toMailOf(event.data) : null;
    if (message === null) return;
    document.documentElement.lang = message.words.locale;
    const read = new DOMParser().parseFromString(policy.createHTML(withoutHandlers(message.html)), "text/html");
    root.replaceChildren(mailBody(read, message.words));
    post({ kind: "height", height: root.scrollHeight });
  });
  // A link of a mail that was not sent leads nowhere.
  addEventListener("click", (event) => event.preventDefault(), { capture: true });
  addEventListener("submit", (event) => event.preventDefault(), { capture: true });
  new ResizeObserver(() => post({ kind: "height", height: root.scrollHeight })).observe(root);
  post({ kind: "ready" });
}

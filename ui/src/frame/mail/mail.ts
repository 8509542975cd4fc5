/** A mail as most programs show it at first: its texts and styles, without scripts, forms and images of other hosts.
 *
 * The policy of the page alone keeps the frame from running or loading anything. What is taken out here would be
 * refused by it, and reported, each time that a mail is drawn.
 */

import type { MailWords, ToMail } from "./messages";

/** What is not drawn at all. */
const LEFT_OUT = "script, noscript, template, iframe, frame, frameset, object, embed, applet, link, meta, base, title";
/** What sends something; its content stays. */
const FORMS = "form";
const CONTROLS = "input, button, textarea, select";
const LINK = /^(https?:|mailto:)/i;
const LOADED = ["srcset", "background", "poster", "data", "action", "formaction", "ping", "srcdoc", "xlink:href"];

/** Returns a message of the app, null for anything else. The app is trusted: only the kind is looked at. */
export function toMailOf(value: unknown): ToMail | null {
  const isMail = typeof value === "object" && value !== null && "kind" in value && value.kind === "mail";
  return isMail ? (value as ToMail) : null;
}

/** Returns a mail whose handlers have other names: a browser would report each of them when it reads the mail. */
export function withoutHandlers(html: string): string {
  return html.replaceAll(/<[^>]+>/g, (tag) => tag.replaceAll(/([\s"'/])on(?=\w+\s*=)/gi, `$1${HANDLER}`));
}

const HANDLER = "data-handler-";

/** Returns the body of a mail, ready to be put into the page; `read` is the mail as it was parsed. */
export function mailBody(read: Document, { image }: MailWords): DocumentFragment {
  for (const each of read.querySelectorAll(LEFT_OUT)) each.remove();
  for (const form of read.querySelectorAll(FORMS)) form.replaceWith(...form.childNodes);
  for (const control of read.querySelectorAll(CONTROLS)) control.setAttribute("disabled", "");
  for (const element of read.querySelectorAll("*")) {
    for (const { name } of [...element.attributes]) if (isActive(element, name)) element.removeAttribute(name);
  }
  for (const each of read.querySelectorAll("img")) {
    if (!/^data:image\//i.test(each.getAttribute("src") ?? "")) each.replaceWith(sign(read, each, image));
  }
  for (const each of read.querySelectorAll("source, video, audio, track")) each.remove();
  for (const each of read.querySelectorAll("style")) each.textContent = withoutLoads(each.textContent ?? "");
  for (const each of read.querySelectorAll("[style]"))
    each.setAttribute("style", withoutLoads(each.getAttribute("style") ?? ""));
  const made = read.createDocumentFragment();
  const { head, body } = read;
  made.append(...head.querySelectorAll("style"), body);
  return made;
}

/** Returns styles that load nothing. */
function withoutLoads(css: string): string {
  return css.replaceAll(/@import[^;]*;?/gi, "").replaceAll(/url\(\s*(?!["']?data:)[^)]*\)/gi, "none");
}

/** Whether an attribute runs something, loads something, or leads to something that is no address of the web. */
function isActive(element: Element, name: string): boolean {
  const lower = name.toLowerCase();
  if (lower.startsWith("on") || lower.startsWith(HANDLER) || LOADED.includes(lower)) return true;
  return lower === "href" && !LINK.test((element.getAttribute(name) ?? "").trim());
}

/** What stands in the place of an image. */
function sign(read: Document, image: HTMLImageElement, word: string): HTMLElement {
  const made = read.createElement("span");
  const alternative = image.getAttribute("alt") ?? "";
  made.textContent = alternative === "" ? `[${word}]` : `[${word}: ${alternative}]`;
  return made;
}

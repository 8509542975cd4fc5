/** What the app and the frame of a mail say to each other. */

export interface MailWords {
  locale: string;
  /** In the place of an image that is not loaded. */
  image: string;
}

export interface ToMail {
  kind: "mail";
  html: string;
  words: MailWords;
}

export type FromMail =
  | { kind: "ready" }
  /** In CSS pixels. */
  | { kind: "height"; height: number };

/** Characters of a mail that is drawn. */
export const LARGEST_MAIL = 524_288;
/** CSS pixels; a longer mail scrolls in its frame. */
export const TALLEST_MAIL = 600;

interface Message {
  kind?: unknown;
  height?: unknown;
}

// Not that of `shared`: what the frame shares with the app is a chunk of its own, which every page would load.
function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null;
}

/** Returns a message of the app, null for anything else. The app is trusted: only the kind is looked at. */
export function toMailOf(value: unknown): ToMail | null {
  return isMessage(value) && value.kind === "mail" ? (value as unknown as ToMail) : null;
}

/** Returns a message of the frame with nothing but what its kind has, null for anything else. */
export function fromMailOf(value: unknown): FromMail | null {
  if (!isMessage(value)) return null;
  if (value.kind === "ready") return { kind: "ready" };
  if (value.kind !== "height" || typeof value.height !== "number" || !(value.height >= 0)) return null;
  return { kind: "height", height: Math.min(Math.ceil(value.height), TALLEST_MAIL) };
}

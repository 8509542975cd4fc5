/** What the app and the frame of a mail say to each other. The frame has its types alone: shared code would be a chunk. */

import { isObject } from "../../shared/http";

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

/** Returns a message of the frame with nothing but what its kind has, null for anything else. */
export function fromMailOf(value: unknown): FromMail | null {
  if (!isObject(value)) return null;
  if (value.kind === "ready") return { kind: "ready" };
  if (value.kind !== "height" || typeof value.height !== "number" || !(value.height >= 0)) return null;
  return { kind: "height", height: Math.min(Math.ceil(value.height), TALLEST_MAIL) };
}

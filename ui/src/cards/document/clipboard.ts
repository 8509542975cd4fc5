/** The text of parts on the clipboard: JSON, so that it works across tabs, cards, installations and chats. */

import { isObject, type JsonObject } from "../../shared/http";
import { elementOf } from "../elements/elements";
import type { Refusal } from "./commands";

/** More than any card has. */
const LONGEST = 1_000_000;

/** Returns the text of parts for the clipboard. */
export function clipboardOf(parts: readonly JsonObject[]): string {
  return JSON.stringify({ looply: "card", parts }, null, 2);
}

export type Pasted = { kind: "parts"; parts: readonly JsonObject[] } | { kind: "card"; card: JsonObject };

/** Returns what a text has: parts of ours, a part or a whole card of any designer; else why nothing is taken. */
export function readPasted(text: string): Pasted | Refusal {
  if (text.length > LONGEST) return "too-large";
  const value = parse(text);
  const found = isObject(value) && value.looply === "card" ? value.parts : value;
  if (isObject(found) && found.type === "AdaptiveCard") return { kind: "card", card: found };
  const parts = (Array.isArray(found) ? found : [found]).filter(isPart);
  if (parts.length === 0 || (Array.isArray(found) && parts.length < found.length)) return "no-card";
  return { kind: "parts", parts };
}

function isPart(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  if (typeof value.type === "string") return elementOf(value.type) !== undefined;
  return typeof value.title === "string" && "value" in value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

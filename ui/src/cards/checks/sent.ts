/** What is wrong in a card as it is sent, after the data are in it. */

import { PART } from "../../frame/messages";
import { isObject, type JsonObject } from "../../shared/http";
import { elementOf } from "../elements/elements";
import type { Check } from "./check";

/** Teams refuses a larger card. In bytes of UTF-8. */
export const TEAMS_BYTES = 28_000;

/** Returns the finding on the size of a card as it is sent. */
export function checkSize(expanded: unknown): readonly Check[] {
  const bytes = new TextEncoder().encode(JSON.stringify(expanded) ?? "").length;
  if (bytes <= TEAMS_BYTES) return [];
  return [{ code: "TOO_LARGE", level: "warning", pointer: "", property: "", detail: String(Math.ceil(bytes / 1000)) }];
}

/**
 * Returns a warning for each text that is a number or a truth value: readers show nothing in its place.
 *
 * A text that is one whole expression has the type of its value. Parts say where they are in the template by `PART`.
 */
export function checkTexts(expanded: JsonObject): readonly Check[] {
  const found = new Map<string, Check>();
  const walk = (value: unknown, around: string): void => {
    if (Array.isArray(value)) for (const each of value) walk(each, around);
    if (!isObject(value)) return;
    const address = value[PART];
    const pointer = typeof address === "string" ? address : around;
    for (const property of textsOf(value)) {
      const check = {
        code: "TEXT_NOT_TEXT",
        level: "warning",
        pointer,
        property,
        detail: String(value[property]),
      } as const;
      // Each repetition of a part has the same.
      found.set(`${pointer} ${property}`, check);
    }
    for (const [name, each] of Object.entries(value)) if (name !== "data") walk(each, pointer);
  };
  walk(expanded, "");
  return [...found.values()];
}

const SHOWN: readonly string[] = ["text", "longText"];

/** The properties of an object that are to be texts, and are not. Facts and choices have no type. */
function textsOf(value: JsonObject): readonly string[] {
  const isPlain = value.type === undefined && "title" in value && "value" in value;
  const properties = elementOf(isPlain ? "Fact" : String(value.type ?? ""))?.properties ?? [];
  const texts = properties.filter(({ kind }) => SHOWN.includes(kind)).map(({ name }) => name);
  return texts.filter((name) => ["number", "boolean"].includes(typeof value[name]) && !MIXED.includes(name));
}

/** Texts for which readers take numbers too. */
const MIXED: readonly string[] = ["id", "width", "height", "minHeight", "lang", "$data", "$when"];

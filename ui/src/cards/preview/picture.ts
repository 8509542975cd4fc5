/** The picture of a card: the template with addresses of its parts, expanded by the server on sample data. */

import { produce } from "immer";
import type { AnswerOf } from "../../api/types";
import { objectAt } from "../../editing/document/path";
import { PART } from "../../frame/messages";
import { isObject, type JsonObject } from "../../shared/http";
import { outlineOf } from "../document/outline";

export type ServerFinding = NonNullable<AnswerOf<"evaluateExpression">["error"]>;

/** More parts take a reader's browser too long to draw. */
export const MOST_PARTS = 1_500;

/** Returns a copy of a template whose parts say where they are. The data of buttons are not changed. */
export function withAddresses(card: JsonObject): JsonObject {
  return produce(card, (draft: JsonObject) => {
    for (const { path, pointer, kind } of outlineOf(card)) {
      if (path.length === 0 || kind === "fact" || kind === "choice" || kind === "run") continue;
      const part = objectAt(draft, path);
      if (part !== null) part[PART] = pointer;
    }
  });
}

/** Returns an expanded card as it is sent: without the addresses. */
export function withoutAddresses(card: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(card, (key: string, value: unknown) => (key === PART ? undefined : value)));
}

/** Returns how many objects a card has, at most `most`. */
export function countParts(value: unknown, most = MOST_PARTS + 1): number {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && count < most) {
    const next = open.pop();
    if (Array.isArray(next)) open.push(...next.slice(0, most));
    else if (isObject(next)) {
      count += 1;
      open.push(...Object.values(next));
    }
  }
  return count;
}

export const VIEWS = ["teams-light", "teams-dark", "teams-contrast", "inbox", "phone"] as const;
export type View = (typeof VIEWS)[number];

/** Who looks at the card, and when. */
export const READERS = ["recipient", "other", "decided", "stopped"] as const;
export type Reader = (typeof READERS)[number];

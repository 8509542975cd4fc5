/** Puts into a card what its reader had filled in. */

import { isObject, type JsonObject, textOf } from "../../shared/http";

/** Returns the card with the values of an answer in its inputs, by their ids. */
export function fillCard(card: JsonObject, answer: JsonObject): JsonObject {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    return isObject(value) ? visitObject(value) : value;
  };
  const visitObject = (value: JsonObject): JsonObject => {
    const id = textOf(value.id);
    const isInput = textOf(value.type)?.startsWith("Input.") === true;
    if (isInput && id !== null && Object.hasOwn(answer, id)) return { ...value, value: answer[id] };
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, visit(each)]));
  };
  return visitObject(card);
}

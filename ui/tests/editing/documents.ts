/** JSON documents for tests, by chance. */

import fc from "fast-check";
import type { JsonObject } from "../../src/shared/http";

const NAMES = fc.constantFrom("a", "b", "c", "__proto__");

const { value, object } = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "json" },
    fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom("", "x", "y"), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4, depthIdentifier: "json" }),
    tie("object"),
  ),
  object: fc.dictionary(NAMES, tie("value"), { maxKeys: 4, noNullPrototype: true, depthIdentifier: "json" }),
}));

/** Any value of JSON. */
export const VALUES = value;
/** A document: an object whose members have few names, so that two of them often have the same. */
export const DOCUMENTS = object.map(({ a, b, c }) => ({ a, b, c }) as JsonObject).map(withoutNothing);

function withoutNothing(document: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(document).filter(([, each]) => each !== undefined));
}

/** The merge of what two people made of a card: by property, and by place in lists whose length did not change. */

import { type Choices, Decider, type Merged, type MergeLists, mergeValues } from "../../editing/document/merge";
import { isObject, type JsonObject } from "../../shared/http";

/** Merges what both sides made of `base`. */
export function mergeCards(
  base: JsonObject,
  mine: JsonObject,
  theirs: JsonObject,
  choices: Choices,
): Merged<JsonObject> {
  const decider = new Decider(choices);
  const merged = mergeValues(base, mine, theirs, {
    decide: (sides) => decider.decide({ ...sides, key: JSON.stringify(sides.path) }),
    lists: byPlace,
  });
  // Two cards are merged by property: only a card comes out.
  return { document: isObject(merged) ? merged : mine, conflicts: decider.conflicts };
}

/** Parts of a card need no id. In lists of one length, those in one place are the same part. */
const byPlace: MergeLists = (base, mine, theirs, merge) =>
  base.length === mine.length && base.length === theirs.length
    ? base.map((each, at) => merge(at, each, mine[at], theirs[at]))
    : null;

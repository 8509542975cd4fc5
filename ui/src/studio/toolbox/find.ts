/** Types of steps by what a person types. */

import type { Group } from "../../graph/step-types";
import { TOOLBOX } from "../steps/kinds";
import type { StudioText } from "../text.en";

export interface Found {
  type: string;
  group: Group;
}

/** Returns the types whose name, group or id has every word, by group; those that begin with the text first. */
export function findTypes(typed: string, text: StudioText): readonly Found[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const all = TOOLBOX.flatMap(([group, types]) => types.map((type) => ({ type, group })));
  const nameOf = ({ type }: Found): string => (text.types[type] ?? type).toLowerCase();
  const found = all.filter((each) => {
    const line = `${nameOf(each)} ${text.groups[each.group].toLowerCase()} ${each.type.toLowerCase()}`;
    return words.every((word) => line.includes(word));
  });
  const isFirst = (each: Found): number => (words.length > 0 && nameOf(each).startsWith(words[0] ?? "") ? 0 : 1);
  return found.toSorted((a, b) => isFirst(a) - isFirst(b));
}

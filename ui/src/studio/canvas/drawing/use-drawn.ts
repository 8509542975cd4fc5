/** The drawn graph of a document: computed again only when its steps, exits or edges changed, not for each key typed. */

import { useRef } from "react";
import { isObject } from "../../../shared/http";
import type { Definition } from "../../document/definition";
import { shapeOf } from "../../document/shape";
import { type Drawn, drawingOf, type Shown } from "./drawn";

interface Kept extends Shown {
  key: string;
  drawn: Drawn;
}

export function useDrawn(document: Definition, { folded, hasErrors }: Shown): Drawn {
  const kept = useRef<Kept | null>(null);
  const key = graphKey(document);
  const before = kept.current;
  if (before !== null && before.key === key && before.folded === folded && before.hasErrors === hasErrors)
    return before.drawn;
  const drawn = drawingOf(document, { folded, hasErrors });
  kept.current = { key, drawn, folded, hasErrors };
  return drawn;
}

const keys = new WeakMap<Definition, string>();

/** Returns a text that is the same for documents with the same steps, exits, edges and looks of branches. */
export function graphKey(document: Definition): string {
  const known = keys.get(document);
  if (known !== undefined) return known;
  const { outline } = shapeOf(document);
  const steps = [...outline.steps.values()].map(({ id, type, exits, settings }) => {
    const { of, target, branches } = settings;
    const looks = Array.isArray(branches) ? branches.filter(isObject).map(({ label, style }) => [label, style]) : [];
    return [id, type, exits, of, target, looks];
  });
  const key = JSON.stringify([steps, outline.edges]);
  keys.set(document, key);
  return key;
}

/** Parts of a data document by the paths that expressions have for them: what a text is found in, what has changed. */

import { isObject } from "../../shared/http";

export interface Part {
  /** As an expression of a step reads it, such as `${payload.output.lines[0].po}`. */
  path: string;
  value: unknown;
}

export interface Change {
  path: string;
  /** Undefined where it was not there, or is no more. */
  before: unknown;
  after: unknown;
}

/** Some of what was found; `isMore`: there is more than is shown. */
export interface Found<Item> {
  items: readonly Item[];
  isMore: boolean;
}

/** More rows than a reader looks through. */
const MOST = 100;
const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** Returns the values in whose path or text a text occurs, in the order of the document. */
export function partsWith(document: unknown, text: string): Found<Part> {
  const sought = text.toLowerCase();
  return firstOf(walk(document, ""), ({ path, value }) => `${path} ${lineOf(value)}`.toLowerCase().includes(sought));
}

/** Returns what differs between two documents, each difference once and as deep as it lies. */
export function changesBetween(before: unknown, after: unknown): Found<Change> {
  return firstOf(compare(before, after, ""), () => true);
}

/** Returns a value as one line. */
export function lineOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function firstOf<Item extends { path: string }>(all: Iterable<Item>, fits: (item: Item) => boolean): Found<Item> {
  const items: Item[] = [];
  for (const item of all) {
    if (!fits(item)) continue;
    if (items.length === MOST) return { items, isMore: true };
    items.push({ ...item, path: `\${${item.path}}` });
  }
  return { items, isMore: false };
}

function* walk(value: unknown, path: string): Generator<Part> {
  const members = membersOf(value);
  if (members.length === 0) yield { path, value };
  for (const [name, each] of members) yield* walk(each, pathOf(path, name, value));
}

function* compare(before: unknown, after: unknown, path: string): Generator<Change> {
  const isInner = isObject(before) && isObject(after);
  if (!isInner && !(Array.isArray(before) && Array.isArray(after))) {
    if (JSON.stringify(before) !== JSON.stringify(after)) yield { path, before, after };
    return;
  }
  const old = new Map(membersOf(before));
  const now = new Map(membersOf(after));
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    yield* compare(old.get(name), now.get(name), pathOf(path, name, after));
  }
}

function membersOf(value: unknown): readonly [string, unknown][] {
  return Array.isArray(value) || isObject(value) ? Object.entries(value) : [];
}

function pathOf(path: string, name: string, within: unknown): string {
  if (Array.isArray(within)) return `${path}[${name}]`;
  if (!IDENTIFIER.test(name)) return `${path}['${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`;
  return path === "" ? name : `${path}.${name}`;
}

/** Addresses in a document: the keys and indexes that lead to a place, and the same as a JSON Pointer. */

import { isObject, type JsonObject } from "../../shared/http";

export type Path = readonly (string | number)[];

export const ROOT: Path = [];

/** Returns the JSON Pointer of a path. Source: RFC 6901. */
export function pointerOf(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Returns the path of a pointer within a document. Digits are an index where the document has a list. */
export function pathOf(pointer: string, document: unknown): Path {
  const keys = pointer.split("/").slice(1);
  const path: (string | number)[] = [];
  let value = document;
  for (const key of keys) {
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
    const step = Array.isArray(value) && /^\d+$/.test(name) ? Number(name) : name;
    path.push(step);
    value = childOf(value, step);
  }
  return path;
}

/** Returns the value at a path, undefined where there is none. */
export function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(childOf, document);
}

/** Returns the object at a path, null where there is none. */
export function objectAt(document: unknown, path: Path): JsonObject | null {
  const value = valueAt(document, path);
  return isObject(value) ? value : null;
}

/** Returns whether two paths lead to the same place. */
export function isSame(one: Path, other: Path): boolean {
  return one.length === other.length && one.every((key, at) => key === other[at]);
}

/** Returns whether a path is `outer` or lies in it. */
export function isWithin(path: Path, outer: Path): boolean {
  return path.length >= outer.length && outer.every((key, at) => key === path[at]);
}

function childOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return typeof key === "number" ? value[key] : undefined;
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Returns whether a value that came from elsewhere is a path. */
export function isPath(value: unknown): value is Path {
  return Array.isArray(value) && value.every((key) => typeof key === "string" || typeof key === "number");
}

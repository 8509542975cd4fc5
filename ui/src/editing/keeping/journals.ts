/** Where texts are kept in this browser: one for each document, the oldest of which are forgotten. */

import type { Timers } from "./timers";

/** Texts by their keys. Rejects when the browser keeps nothing, such as in a private window. */
export interface Journals {
  /** Returns null where there is none. */
  read: (key: string) => Promise<string | null>;
  write: (key: string, text: string) => Promise<void>;
  remove: (key: string) => Promise<void>;
}

export const MOST_JOURNALS = 20;
const STORE = "journals";

/** Returns the journals of one kind, such as `card`, in IndexedDB: those of another kind do not push them out. */
export function browserJournals(kind: string, timers: Timers, factory = () => window.indexedDB): Journals {
  let opened: Promise<IDBDatabase> | null = null;
  const use = async <Result>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => Promise<Result>) => {
    opened ??= open(factory, `looply-${kind}`);
    try {
      return await act((await opened).transaction(STORE, mode).objectStore(STORE));
    } catch (error) {
      // The next call opens it again: a browser closes what it needs the place of.
      opened = null;
      throw error;
    }
  };
  return {
    read: (key) =>
      use("readonly", async (store) => {
        const found: unknown = await answer(store.get(key));
        return typeof found === "object" && found !== null && "text" in found ? String(found.text) : null;
      }),
    write: (key, text) =>
      use("readwrite", async (store) => {
        await answer(store.put({ text, at: timers.now() }, key));
        await prune(store);
      }),
    remove: (key) =>
      use("readwrite", async (store) => {
        await answer(store.delete(key));
      }),
  };
}

/** Returns journals that never reject: what they cannot keep is no loss, such as a sample. */
export function courteous(journals: Journals): Journals {
  return {
    read: (key) => journals.read(key).catch(() => null),
    write: (key, text) => journals.write(key, text).catch(() => undefined),
    remove: (key) => journals.remove(key).catch(() => undefined),
  };
}

async function open(factory: () => IDBFactory, name: string): Promise<IDBDatabase> {
  // Some browsers throw when the property is read.
  const request = factory().open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE).createIndex("at", "at");
  return answer(request);
}

async function prune(store: IDBObjectStore): Promise<void> {
  const count = await answer(store.count());
  if (count <= MOST_JOURNALS) return;
  const keys = await answer(store.index("at").getAllKeys(null, count - MOST_JOURNALS));
  for (const key of keys) await answer(store.delete(key));
}

function answer<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser keeps nothing"));
  });
}

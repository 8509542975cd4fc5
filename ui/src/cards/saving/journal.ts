/** What is not on the server yet, kept in the browser: it outlives a crash, a sign-out and a lost network. */

import { isObject, type JsonObject } from "../../shared/http";
import type { CardEntry } from "../document/commands";

/** Values by key. None of the calls fails: without a store, nothing is kept. */
export interface Journal {
  read: (key: string) => Promise<unknown>;
  write: (key: string, value: unknown) => Promise<void>;
  drop: (key: string) => Promise<void>;
}

/** Changes of a card that were not saved. */
export interface Unsaved {
  /** The server's version of the card on which the changes are based, and its `modified_on`. */
  base: JsonObject;
  modifiedOn: number;
  document: JsonObject;
  done: readonly CardEntry[];
}

/** Returns unsaved changes, null for what is none. */
export function unsavedOf(value: unknown): Unsaved | null {
  if (!isObject(value) || !isObject(value.document) || !isObject(value.base) || !Array.isArray(value.done)) return null;
  return typeof value.modifiedOn === "number" && value.done.length > 0 ? (value as unknown as Unsaved) : null;
}

/** The key of a person's changes of a version of a card. */
export function journalKey(kind: "card" | "json" | "sample", userId: string, cardId: string, version: number): string {
  return [kind, userId, cardId, ...(kind === "sample" ? [] : [version])].join(" ");
}

const DATABASE = "looply-cards";
const STORE = "kept";

/** Returns a journal in IndexedDB. */
export function browserJournal(): Journal {
  let opened: Promise<IDBDatabase> | null = null;
  const use = async <Result>(
    mode: IDBTransactionMode,
    ask: (store: IDBObjectStore) => IDBRequest<Result>,
  ): Promise<Result | null> => {
    try {
      opened ??= open();
      const database = await opened;
      return await resultOf(ask(database.transaction(STORE, mode).objectStore(STORE)));
    } catch {
      // A private window, a full disk: the draft is still on the screen, and saved by the server.
      opened = null;
      return null;
    }
  };
  return {
    read: (key) => use<unknown>("readonly", (store) => store.get(key)),
    write: async (key, value) => void (await use("readwrite", (store) => store.put(value, key))),
    drop: async (key) => void (await use("readwrite", (store) => store.delete(key))),
  };
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return resultOf(request);
}

function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

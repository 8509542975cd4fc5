/** Journals in IndexedDB: one text for each document, the oldest of which are forgotten. */

import type { JournalPort } from "./journal";

const NAME = "looply-studio";
const STORE = "journals";
const MOST_JOURNALS = 20;

/** Returns the journals of this browser. */
export function indexedDbJournals(factory: IDBFactory): JournalPort {
  let opened: Promise<IDBDatabase> | null = null;
  const open = (): Promise<IDBDatabase> => {
    opened ??= openDatabase(factory);
    return opened;
  };
  return {
    read: async (key) => {
      const found: unknown = await answer((await open()).transaction(STORE).objectStore(STORE).get(key));
      return typeof found === "object" && found !== null && "text" in found ? String(found.text) : null;
    },
    write: async (key, text) => {
      const store = (await open()).transaction(STORE, "readwrite").objectStore(STORE);
      await answer(store.put({ text, at: Date.now() }, key));
      await prune(store);
    },
    remove: async (key) => {
      await answer((await open()).transaction(STORE, "readwrite").objectStore(STORE).delete(key));
    },
  };
}

function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(NAME, 1);
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

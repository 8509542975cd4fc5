/** As much of IndexedDB as journals use, in memory: databases, one store with an index, requests that answer later. */

type Key = string;

interface Row {
  key: Key;
  value: unknown;
}

export interface FakeIndexedDb {
  factory: IDBFactory;
  /** Keys of a database, in their order. */
  keys: (name: string) => readonly Key[];
  /** What is thrown by each transaction; null for none. */
  problem: Error | null;
}

export function fakeIndexedDb(): FakeIndexedDb {
  const databases = new Map<string, Row[]>();
  const fake: FakeIndexedDb = {
    factory: { open: (name: string) => opening(name) } as unknown as IDBFactory,
    keys: (name) => (databases.get(name) ?? []).map(({ key }) => key).toSorted(),
    problem: null,
  };
  const opening = (name: string) => {
    const isNew = !databases.has(name);
    const rows = databases.get(name) ?? [];
    databases.set(name, rows);
    const request = requestOf(() => databaseOf(rows)) as unknown as IDBOpenDBRequest;
    if (isNew) queueMicrotask(() => request.onupgradeneeded?.(new Event("upgradeneeded") as IDBVersionChangeEvent));
    return request;
  };
  const databaseOf = (rows: Row[]) => ({
    createObjectStore: () => ({ createIndex: () => undefined }),
    transaction: () => {
      if (fake.problem !== null) throw fake.problem;
      return { objectStore: () => storeOf(rows) };
    },
  });
  return fake;
}

function storeOf(rows: Row[]) {
  const remove = (key: Key): void => {
    const at = rows.findIndex((row) => row.key === key);
    if (at >= 0) rows.splice(at, 1);
  };
  return {
    get: (key: Key) => requestOf(() => rows.find((row) => row.key === key)?.value),
    put: (value: unknown, key: Key) =>
      requestOf(() => {
        remove(key);
        rows.push({ key, value: structuredClone(value) });
      }),
    delete: (key: Key) => requestOf(() => remove(key)),
    count: () => requestOf(() => rows.length),
    index: (name: string) => ({
      getAllKeys: (_: null, count: number) =>
        requestOf(() =>
          rows
            .toSorted((one, other) => fieldOf(one, name) - fieldOf(other, name))
            .slice(0, count)
            .map(({ key }) => key),
        ),
    }),
  };
}

function fieldOf({ value }: Row, name: string): number {
  return Number((value as Record<string, unknown>)[name]);
}

/** A request whose result is there in a later turn. */
function requestOf<Result>(act: () => Result): IDBRequest<Result> {
  const request = { result: undefined as unknown, onsuccess: null, onerror: null } as unknown as IDBRequest<Result>;
  queueMicrotask(() => {
    (request as { result: Result }).result = act();
    queueMicrotask(() => request.onsuccess?.(new Event("success")));
  });
  return request;
}

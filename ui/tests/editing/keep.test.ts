import { describe, expect, it } from "vitest";
import { CallError } from "../../src/api/errors";
import { type Edited, EMPTY_LOG, type Entry, replaceBy, run, undo } from "../../src/editing/document/log";
import { type Journal, printJournal, readJournal, unsavedCount } from "../../src/editing/keeping/journal";
import { JOURNAL_MS } from "../../src/editing/keeping/journaling";
import { firstStatus, type KeepSetup, type Kept, keep, LONGEST_READ_MS } from "../../src/editing/keeping/keep";
import { RETRY_MS, SAVE_MS } from "../../src/editing/keeping/saver";
import { fakeServer, memoryJournals, mergeTexts, type Plain, settled, type Text } from "./keeping";
import { handTimers } from "./timers";

const BEGUN: Text = { a: 0, b: 0 };

/** A document that is open in a browser, over a server in memory. */
function opened(more: Partial<KeepSetup<Plain>> = {}, server = fakeServer(BEGUN), journals = memoryJournals()) {
  const timers = handTimers();
  let edited: Edited<Text> = { document: server.stored.document, log: EMPTY_LOG };
  let status: Kept<Plain> = firstStatus<Plain>(server.stored, 0);
  const followers = new Set<() => void>();
  const locks: (boolean | "locked")[] = [];
  let signedOut = 0;
  const put = (next: Edited<Text>): void => {
    edited = next;
    for (const follower of followers) follower();
  };
  const keeping = keep<Plain>({
    ...{ opened: server.stored, server, journals, timers },
    document: {
      edited: () => edited,
      follow: (changed) => {
        followers.add(changed);
        return () => followers.delete(changed);
      },
      reset: put,
      changeOf: (_, by) => ({ name: "takeOver", subject: by, focus: null }),
      lock: () => locks.push("locked"),
      unlock: (isRecovered) => locks.push(isRecovered),
    },
    status: {
      get: () => status,
      set: (change) => {
        status = { ...status, ...change };
      },
    },
    keyOf: ({ version }) => `v${version}`,
    merge: mergeTexts,
    asksBefore: () => false,
    onSignedOut: () => {
      signedOut += 1;
    },
    ...more,
  });
  const write = (change: Text): void => {
    const next = { ...edited.document, ...change };
    put(
      run(edited, { name: "write", subject: "", focus: null, apply: (draft) => replaceBy(draft, next) }, timers.now()),
    );
  };
  const pass = async (millis: number): Promise<void> => {
    timers.pass(millis);
    await settled();
  };
  const journal = (key = "v1"): Journal<Plain> | null => readJournal(journals.texts.get(key) ?? "");
  return {
    ...{ timers, server, journals, keeping, write, pass, journal, locks },
    status: () => status,
    edited: () => edited,
    undo: () => put(undo(edited) ?? edited),
    signedOut: () => signedOut,
  };
}

/** Returns a document whose changes were kept in the browser, and not saved, when the page ended. */
async function crashed() {
  const first = opened();
  first.server.problem = new CallError({ kind: "offline" });
  first.keeping.start();
  await settled();
  await first.pass(1_000);
  first.write({ a: 1 });
  await first.pass(5_000);
  first.write({ a: 2 });
  await first.pass(JOURNAL_MS);
  first.server.problem = null;
  return first;
}

describe("an open document", () => {
  it("is kept in the browser soon after a change, also while a person types without a pause", async () => {
    const { keeping, write, pass, journal, timers } = opened();
    keeping.start();
    await settled();
    for (let turn = 1; turn <= 5; turn += 1) {
      write({ a: turn });
      await pass(JOURNAL_MS / 4);
    }
    expect(journal()).toMatchObject({ edited: { document: { a: 4 } }, saved: BEGUN, modifiedOn: 1 });
    await pass(SAVE_MS);
    await pass(JOURNAL_MS);
    expect(journal()).toMatchObject({ edited: { document: { a: 5 } }, saved: { a: 5 }, modifiedOn: 2 });
    expect(journal()?.at).toBe(timers.now());
  });

  it("says once that the browser keeps nothing, and is saved without", async () => {
    const journals = { ...memoryJournals(), write: () => Promise.reject(new Error("full")) };
    const { keeping, write, pass, status, server } = opened({}, fakeServer(BEGUN), journals);
    keeping.start();
    await settled();
    write({ a: 1 });
    await pass(SAVE_MS);
    expect([status().keepsNothing, server.stored.document]).toEqual([true, { a: 1, b: 0 }]);
  });

  it("is saved also where the browser does not say what it kept", async () => {
    const journals = { ...memoryJournals(), read: () => new Promise<never>(() => undefined) };
    const { keeping, write, pass, server } = opened({}, fakeServer(BEGUN), journals);
    keeping.start();
    write({ a: 1 });
    await pass(LONGEST_READ_MS);
    await pass(SAVE_MS);
    expect(server.stored.document).toEqual({ a: 1, b: 0 });
  });

  it("says that the session has ended, keeps what is written, and saves it after the sign-in", async () => {
    const { keeping, write, pass, server, signedOut, journal } = opened();
    keeping.start();
    await settled();
    server.problem = new CallError({ kind: "signed-out" });
    write({ a: 1 });
    await pass(SAVE_MS);
    expect(signedOut()).toBe(1);
    expect(journal()?.edited.document).toEqual({ a: 1, b: 0 });
    server.problem = null;
    await keeping.flush();
    expect(server.stored.document).toEqual({ a: 1, b: 0 });
  });

  it("takes the changes of another author as one that can be undone, and says whose they are", async () => {
    const { keeping, write, pass, server, edited, status, undo } = opened();
    keeping.start();
    await settled();
    server.saveAs("Ada", { a: 0, b: 7, c: 7 });
    write({ a: 1 });
    await pass(SAVE_MS);
    await pass(SAVE_MS);
    expect(server.stored.document).toEqual({ a: 1, b: 7, c: 7 });
    expect(status().merged).toEqual({ by: "Ada", count: 2 });
    expect(status().stored.modifiedOn).toBe(server.stored.modifiedOn);
    expect(edited().log.done.at(-1)).toMatchObject({ name: "takeOver", subject: "Ada" });
    undo();
    expect(edited().document).toEqual({ a: 1, b: 0 });
  });

  it("has the journal of the version in which its changes are", async () => {
    const server = fakeServer(BEGUN);
    const first = { ...server };
    const next: typeof server.save = async (document, before) => ({
      ...(await first.save(document, before)),
      version: 2,
    });
    const { keeping, write, pass, journals } = opened({ server: { ...server, save: next } });
    keeping.start();
    await settled();
    write({ a: 1 });
    await pass(JOURNAL_MS);
    expect([...journals.texts.keys()]).toEqual(["v1"]);
    await pass(SAVE_MS);
    await pass(JOURNAL_MS);
    expect([...journals.texts.keys()]).toEqual(["v2"]);
  });

  it("is saved and kept when it is left", async () => {
    const { keeping, write, server, journal } = opened();
    const end = keeping.start();
    await settled();
    write({ a: 1 });
    end();
    await settled();
    expect(server.stored.document).toEqual({ a: 1, b: 0 });
    expect(journal()).toMatchObject({ saved: { a: 1, b: 0 } });
    write({ a: 2 });
    await settled();
    expect(journal()).toMatchObject({ edited: { document: { a: 1 } } });
  });

  it("is read before it is flushed", async () => {
    const { keeping, write, server } = opened();
    keeping.start();
    write({ a: 1 });
    await keeping.flush();
    expect(server.stored.document).toEqual({ a: 1, b: 0 });
  });
});

describe("changes of an earlier visit", () => {
  it("are offered, and nothing is saved or written over them until that is decided", async () => {
    const { server, journals } = await crashed();
    const { keeping, pass, status, edited, locks } = opened({}, server, journals);
    const before = journals.texts.get("v1");
    keeping.start();
    await settled();
    const { recovery } = status();
    expect(recovery === null ? 0 : unsavedCount(recovery)).toBe(2);
    expect([edited().document, locks]).toEqual([BEGUN, ["locked"]]);
    await keeping.flush();
    await pass(60_000);
    expect([server.stored.document, journals.texts.get("v1")]).toEqual([BEGUN, before]);
  });

  it("are saved when they are recovered, and can be undone", async () => {
    const { server, journals } = await crashed();
    const { keeping, pass, status, edited, locks, undo } = opened({}, server, journals);
    keeping.start();
    await settled();
    keeping.recover();
    await pass(SAVE_MS);
    expect([server.stored.document, locks, status().recovery]).toEqual([{ a: 2, b: 0 }, ["locked", true], null]);
    undo();
    undo();
    expect(edited().document).toEqual(BEGUN);
  });

  it("are merged with what another author has saved since", async () => {
    const { server, journals } = await crashed();
    server.saveAs("Ada", { a: 0, b: 7 });
    const { keeping, pass } = opened({}, server, journals);
    keeping.start();
    await settled();
    keeping.recover();
    await pass(SAVE_MS);
    await pass(SAVE_MS);
    expect(server.stored.document).toEqual({ a: 2, b: 7 });
  });

  it("are still counted when the page ends again before they are saved", async () => {
    const { server, journals } = await crashed();
    server.problem = new CallError({ kind: "offline" });
    const second = opened({}, server, journals);
    second.keeping.start();
    await settled();
    second.keeping.recover();
    await second.pass(JOURNAL_MS);
    const journal = second.journal();
    expect(journal === null ? 0 : unsavedCount(journal)).toBe(2);
    await second.pass(RETRY_MS);
  });

  it("are forgotten when they are discarded", async () => {
    const { server, journals } = await crashed();
    const { keeping, edited, locks, write, pass } = opened({}, server, journals);
    keeping.start();
    await settled();
    keeping.discard();
    await settled();
    expect([edited().document, locks, journals.texts.size]).toEqual([BEGUN, ["locked", false], 0]);
    write({ b: 1 });
    await pass(SAVE_MS);
    expect(server.stored.document).toEqual({ a: 0, b: 1 });
  });

  it("that the server has are there to undo, without a question", async () => {
    const first = opened();
    const end = first.keeping.start();
    await settled();
    first.write({ a: 1 });
    end();
    await settled();
    const { keeping, status, edited, undo } = opened({}, first.server, first.journals);
    keeping.start();
    await settled();
    expect(status().recovery).toBeNull();
    undo();
    expect(edited().document).toEqual(BEGUN);
  });
});

describe("a journal", () => {
  const entry: Entry = { name: "write", subject: "", focus: null, key: null, at: 5, patches: [], inverse: [] };
  const journal: Journal<Plain> = {
    edited: { document: { a: 1 }, log: { done: [entry], undone: [] } },
    ...{ saved: { a: 0 }, modifiedOn: 1, savedOn: 4, at: 9 },
  };

  it("is read as it was written, and not when it was cut off or has another format", () => {
    const text = printJournal(journal);
    expect(readJournal(text)).toEqual(journal);
    for (let end = 0; end < text.length; end += 1) expect(readJournal(text.slice(0, end))).toBeNull();
    for (const other of ['{"format":99}', "[]", text.replace('"savedOn":4', '"savedOn":"4"')]) {
      expect(readJournal(other)).toBeNull();
    }
  });

  it("counts what was done since the last save, and something where the documents differ", () => {
    expect(unsavedCount(journal)).toBe(1);
    expect(unsavedCount({ ...journal, savedOn: 6 })).toBe(1);
    expect(unsavedCount({ ...journal, saved: { a: 1 } })).toBe(0);
  });

  it("keeps numbers with many digits", () => {
    const text = printJournal(journal).replace('"a":1}', '"a":12345678901234567890}');
    const read = readJournal<Plain>(text);
    expect(read === null ? "" : printJournal(read)).toContain("12345678901234567890");
  });
});

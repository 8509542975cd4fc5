import { describe, expect, it } from "vitest";
import { asCallError, CallError } from "../../src/api/errors";
import { changeSetting } from "../../src/studio/document/commands/settings";
import { type Definition, stepById } from "../../src/studio/document/definition";
import { autosave, type SaveState, type ServerPort, type Stored } from "../../src/studio/document/keeping/autosave";
import { findingsOf, keepChecked } from "../../src/studio/document/keeping/checks";
import { type JournalPort, printJournal, readJournal, unsavedCount } from "../../src/studio/document/keeping/journal";
import { keepJournal } from "../../src/studio/document/keeping/journaling";
import { keepOpen } from "../../src/studio/document/keeping/keep-open";
import { keepPresent } from "../../src/studio/document/keeping/presence";
import { patchesBetween } from "../../src/studio/document/patches";
import { refusal } from "../fakes/api";
import { done, ORDERS, storeOf } from "./definitions";
import { handTimers } from "./timers";

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

/** A server in memory that refuses what was written over a newer state. */
function fakeServer(definition: Definition) {
  const server = {
    stored: { definition, modifiedOn: 1, version: 1, by: "" } as Stored,
    saves: 0,
    problem: null as CallError | null,
  };
  const port: ServerPort = {
    save: async (next, { modifiedOn }) => {
      server.saves += 1;
      if (server.problem !== null) throw server.problem;
      if (modifiedOn !== server.stored.modifiedOn) throw refusal(409, "STALE");
      server.stored = { ...server.stored, definition: next, modifiedOn: modifiedOn + 1 };
      return server.stored;
    },
    read: async () => server.stored,
  };
  return { server, port };
}

function setUp() {
  const timers = handTimers();
  const store = storeOf(ORDERS, timers.now);
  const { server, port } = fakeServer(ORDERS);
  const states: SaveState[] = [];
  const merged: string[] = [];
  const events = {
    onState: (state: SaveState) => states.push(state),
    onSaved: () => undefined,
    onMerged: (by: string) => merged.push(by),
  };
  const saver = autosave({ store, server: port, timers, opened: server.stored, events, asError: asCallError });
  const type = (text: string, id = "delay_1"): void =>
    store.getState().run(changeSetting(store.getState().document, id, ["for"], text));
  return { timers, store, server, saver, states, merged, type, last: () => states.at(-1)?.kind };
}

describe("saving by itself", () => {
  it("waits two seconds after the last change, and sends once", async () => {
    const { timers, server, type, last } = setUp();
    type("PT2H");
    timers.pass(1_500);
    type("PT3H");
    timers.pass(1_500);
    await settle();
    expect([server.saves, last()]).toEqual([0, "changed"]);
    timers.pass(500);
    await settle();
    expect([server.saves, last()]).toEqual([1, "saved"]);
    expect(stepById(server.stored.definition, "delay_1")?.settings).toEqual({ for: "PT3H" });
  });

  it("sends what was typed while it saved, one call after the other", async () => {
    const { timers, server, saver, type, last } = setUp();
    type("PT2H");
    const saving = saver.flush();
    type("PT3H");
    await saving;
    expect([server.saves, last()]).toEqual([1, "changed"]);
    timers.pass(2_000);
    await settle();
    expect([server.saves, last()]).toEqual([2, "saved"]);
  });

  it("keeps everything without a network or a session, and sends it later", async () => {
    const { timers, server, store, type, last } = setUp();
    for (const kind of ["offline", "signed-out"] as const) {
      server.problem = new CallError({ kind });
      type(`PT${kind.length}H`);
      timers.pass(2_000);
      await settle();
      expect(last()).toBe("failed");
      server.problem = null;
      timers.pass(60_000);
      await settle();
      expect(last()).toBe("saved");
      expect(server.stored.definition).toBe(store.getState().document);
    }
  });

  it("merges what another author saved, as one change that can be undone", async () => {
    const { timers, server, store, merged, type, last } = setUp();
    server.stored = {
      definition: done(ORDERS, changeSetting(ORDERS, "email_1", ["subject"], "Theirs")),
      modifiedOn: 7,
      version: 1,
      by: "Ada",
    };
    type("PT2H");
    timers.pass(2_000);
    await settle();
    timers.pass(2_000);
    await settle();
    expect(merged).toEqual(["Ada"]);
    expect(last()).toBe("saved");
    const { definition } = server.stored;
    expect(stepById(definition, "email_1")?.settings).toMatchObject({ subject: "Theirs" });
    expect(stepById(definition, "delay_1")?.settings).toEqual({ for: "PT2H" });
    expect(store.getState().log.done.at(-1)).toMatchObject({ name: "takeOver", subject: "Ada" });
    store.getState().undo();
    expect(stepById(store.getState().document, "email_1")?.settings).toMatchObject({ subject: "Done" });
  });

  it("overwrites nothing when both changed one field, and asks", async () => {
    const { timers, server, saver, states, type, last } = setUp();
    const theirs = done(ORDERS, changeSetting(ORDERS, "delay_1", ["for"], "PT9H"));
    server.stored = { definition: theirs, modifiedOn: 7, version: 1, by: "Ada" };
    type("PT2H");
    timers.pass(2_000);
    await settle();
    expect(last()).toBe("conflict");
    expect(server.stored.definition).toBe(theirs);
    const state = states.at(-1);
    const [conflict] = state?.kind === "conflict" ? state.conflicts : [];
    await saver.resolve(new Map([[conflict?.key ?? "", { take: "value", value: "PT5H" }]]));
    expect(last()).toBe("saved");
    expect(stepById(server.stored.definition, "delay_1")?.settings).toEqual({ for: "PT5H" });
  });

  it("saves again after a change of another author that left the definition as it was", async () => {
    const { timers, server, merged, type, last } = setUp();
    server.stored = { definition: ORDERS, modifiedOn: 7, version: 1, by: "Ada" };
    type("PT2H");
    timers.pass(2_000);
    await settle();
    expect(last()).toBe("changed");
    timers.pass(2_000);
    await settle();
    expect([merged, last()]).toEqual([["Ada"], "saved"]);
    expect(stepById(server.stored.definition, "delay_1")?.settings).toEqual({ for: "PT2H" });
  });

  it("stays with what the server refuses until it is changed", async () => {
    const { timers, server, states, type } = setUp();
    server.problem = refusal(422, "INVALID");
    type("PT2H");
    timers.pass(2_000);
    await settle();
    timers.pass(100_000);
    await settle();
    expect([server.saves, states.at(-1)]).toMatchObject([1, { kind: "failed", isRetried: false }]);
    server.problem = null;
    type("PT3H");
    timers.pass(2_000);
    await settle();
    expect(states.at(-1)?.kind).toBe("saved");
  });
});

describe("the journal", () => {
  function memory(): JournalPort & { texts: Map<string, string> } {
    const texts = new Map<string, string>();
    return {
      texts,
      read: async (key) => texts.get(key) ?? null,
      write: async (key, text) => void texts.set(key, text),
      remove: async (key) => void texts.delete(key),
    };
  }

  it("brings back the document with its undo, after a crash", async () => {
    const timers = handTimers();
    const store = storeOf(ORDERS, timers.now);
    const port = memory();
    keepJournal({
      key: "k",
      store,
      port,
      timers,
      saved: ORDERS,
      modifiedOn: 1,
      savedOn: 1,
      onFailure: () => undefined,
    });
    for (const text of ["PT2H", "PT3H"]) {
      timers.pass(2_000);
      store.getState().run(changeSetting(store.getState().document, "delay_1", ["for"], text));
    }
    timers.pass(500);
    await settle();
    const journal = readJournal(port.texts.get("k") ?? "");
    expect(journal).not.toBeNull();
    if (journal === null) return;
    expect(unsavedCount(journal)).toBe(2);
    const next = storeOf(ORDERS);
    next.getState().reset(journal);
    expect(next.getState().document).toEqual(store.getState().document);
    next.getState().undo();
    next.getState().undo();
    expect(next.getState().document).toEqual(ORDERS);
  });

  it("says once that the browser keeps nothing, and works without", async () => {
    const timers = handTimers();
    const store = storeOf(ORDERS, timers.now);
    const port = { ...memory(), write: () => Promise.reject(new Error("full")) };
    let failures = 0;
    keepJournal({
      key: "k",
      store,
      port,
      timers,
      saved: ORDERS,
      modifiedOn: 1,
      savedOn: 1,
      onFailure: () => (failures += 1),
    });
    for (const text of ["PT2H", "PT3H"]) {
      store.getState().run(changeSetting(store.getState().document, "delay_1", ["for"], text));
      timers.pass(2_000);
      await settle();
    }
    expect(failures).toBe(1);
  });

  it("reads neither a cut text nor one of another format", () => {
    const journal = {
      document: ORDERS,
      log: { done: [], undone: [] },
      saved: ORDERS,
      modifiedOn: 1,
      savedOn: 1,
      at: 1,
    };
    const text = printJournal(journal);
    expect(readJournal(text)).toEqual(journal);
    expect(readJournal(text.slice(0, -5))).toBeNull();
    expect(readJournal('{"format":99}')).toBeNull();
    expect(unsavedCount(journal)).toBe(0);
  });
});

describe("findings", () => {
  it("are at their step and field in the document that was checked", () => {
    const found = findingsOf(ORDERS, {
      errors: [{ path: "/workflow_steps/4/settings/to/0", message: "is empty" }],
      warnings: [
        { path: "/workflow_connections/3", message: "leads nowhere", hint: "connect it" },
        { path: "/workflow_settings/timeout", message: "is long" },
      ],
    });
    expect(found).toMatchObject([
      { severity: "error", step: "email_1", field: "/settings/to/0" },
      { severity: "warning", step: "approval_1", field: "", hint: "connect it" },
      { severity: "warning", step: null, field: "/workflow_settings/timeout" },
    ]);
  });

  it("are asked once after the last change; an older call is given up", async () => {
    const timers = handTimers();
    const store = storeOf(ORDERS, timers.now);
    const asked: AbortSignal[] = [];
    const stop = keepChecked({
      store,
      timers,
      validate: (_, signal) => {
        asked.push(signal);
        return new Promise(() => undefined);
      },
      onState: () => undefined,
    });
    timers.pass(0);
    for (const text of ["P", "PT", "PT1"]) {
      store.getState().run(changeSetting(store.getState().document, "delay_1", ["for"], text));
      timers.pass(200);
    }
    timers.pass(600);
    expect(asked.map(({ aborted }) => aborted)).toEqual([true, false]);
    stop();
    expect(asked.at(-1)?.aborted).toBe(true);
  });
});

describe("presence", () => {
  it("is said every 20 seconds and when the page is left", async () => {
    const timers = handTimers();
    const calls: boolean[] = [];
    const touch = async ({ is_leaving }: { is_leaving: boolean }) => {
      calls.push(is_leaving);
      return [];
    };
    const leave = keepPresent({
      timers,
      touch,
      here: () => ({ is_dirty: false, step: "" }),
      onOthers: () => undefined,
    });
    await settle();
    timers.pass(20_000);
    await settle();
    leave();
    expect(calls).toEqual([false, false, true]);
  });
});

describe("kept changes", () => {
  const touch = async () => [];
  const validate = async () => ({ errors: [], warnings: [] });

  function opened(text: string | null) {
    const timers = handTimers();
    const store = storeOf(ORDERS, timers.now);
    const { server, port } = fakeServer(ORDERS);
    const removed: string[] = [];
    const journals: JournalPort = {
      read: async () => text,
      write: async () => undefined,
      remove: async (key) => void removed.push(key),
    };
    const ports = { server: port, journals, timers, validate, touch, onSignedOut: () => undefined };
    const keeping = keepOpen({ store, key: "k", opened: server.stored, ports });
    return { timers, store, server, keeping, removed };
  }

  const changed = done(ORDERS, changeSetting(ORDERS, "delay_1", ["for"], "PT2H"));
  const entry = {
    name: "changeSetting" as const,
    subject: "",
    focus: { step: "delay_1", field: "" },
    key: null,
    at: 5,
  };
  const log = {
    done: [{ ...entry, patches: patchesBetween(ORDERS, changed), inverse: patchesBetween(changed, ORDERS) }],
    undone: [],
  };
  const journal = printJournal({ document: changed, log, saved: ORDERS, modifiedOn: 1, savedOn: 1, at: 9 });

  it("are offered, and nothing is edited or written over them until that is decided", async () => {
    const { store, server, keeping, timers } = opened(journal);
    keeping.start();
    await settle();
    expect(keeping.status.getState().recovery).toMatchObject({ modifiedOn: 1 });
    expect(store.getState()).toMatchObject({ isReadOnly: true, document: ORDERS });
    keeping.recover();
    timers.pass(2_000);
    await settle();
    expect(server.stored.definition).toEqual(changed);
    store.getState().undo();
    expect(store.getState().document).toEqual(ORDERS);
  });

  it("are merged with what another author has saved since", async () => {
    const { server, keeping, timers } = opened(journal);
    server.stored = {
      ...server.stored,
      definition: done(ORDERS, changeSetting(ORDERS, "email_1", ["subject"], "Theirs")),
      modifiedOn: 4,
    };
    keeping.start();
    await settle();
    keeping.recover();
    for (let round = 0; round < 2; round += 1) {
      timers.pass(2_000);
      await settle();
    }
    expect(stepById(server.stored.definition, "delay_1")?.settings).toEqual({ for: "PT2H" });
    expect(stepById(server.stored.definition, "email_1")?.settings).toMatchObject({ subject: "Theirs" });
  });

  it("are forgotten when they are discarded", async () => {
    const { store, keeping, removed } = opened(journal);
    keeping.start();
    await settle();
    keeping.discard();
    expect(removed).toEqual(["k"]);
    expect(store.getState()).toMatchObject({ isReadOnly: false, document: ORDERS });
  });

  it("that the server has are there to undo, without a question", async () => {
    const saved = printJournal({ document: ORDERS, log, saved: ORDERS, modifiedOn: 1, savedOn: 9, at: 9 });
    const { store, keeping } = opened(saved);
    keeping.start();
    await settle();
    expect(keeping.status.getState().recovery).toBeNull();
    expect(store.getState().log.done).toHaveLength(1);
  });
});

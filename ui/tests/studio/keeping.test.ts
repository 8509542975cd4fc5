import { describe, expect, it } from "vitest";
import { patchesBetween } from "../../src/editing/document/patches";
import { printJournal } from "../../src/editing/keeping/journal";
import type { Stored } from "../../src/editing/keeping/kind";
import { SAVE_MS } from "../../src/editing/keeping/saver";
import { changeSetting } from "../../src/studio/document/commands/settings";
import { type Definition, stepById } from "../../src/studio/document/definition";
import { findingsOf, keepChecked } from "../../src/studio/document/keeping/checks";
import { keepOpen, type Ports, type WorkflowKind } from "../../src/studio/document/keeping/keep-open";
import { keepPresent } from "../../src/studio/document/keeping/presence";
import { memoryJournals, settled } from "../editing/keeping";
import { handTimers } from "../editing/timers";
import { refusal } from "../fakes/api";
import { done, ORDERS, storeOf } from "./definitions";

/** An open workflow over a server in memory, which refuses what was written over a newer state. */
async function opened(texts: Readonly<Record<string, string>> = {}, saved = ORDERS, next = 1) {
  const timers = handTimers();
  const store = storeOf(ORDERS, timers.now);
  const journals = memoryJournals();
  for (const [key, text] of Object.entries(texts)) await journals.write(key, text);
  const first: Stored<Definition> = { document: ORDERS, modifiedOn: 1, version: 1, by: "" };
  const server = { stored: saved === ORDERS ? first : { ...first, document: saved, modifiedOn: 7, by: "Ada" } };
  const ports: Ports = {
    ...{ journals, timers },
    server: {
      save: async (document, { modifiedOn }) => {
        if (modifiedOn !== server.stored.modifiedOn) throw refusal(409, "STALE");
        server.stored = { document, modifiedOn: modifiedOn + 1, version: next, by: "" };
        return server.stored;
      },
      read: async () => server.stored,
    },
    validate: async () => ({ errors: [], warnings: [] }),
    touch: async () => [],
    onSignedOut: () => undefined,
  };
  const keeping = keepOpen({ store, keyOf: ({ version }) => `v${version}`, opened: first, ports });
  keeping.start();
  await settled();
  const type = (text: string): void =>
    store.getState().run(changeSetting(store.getState().document, "delay_1", ["for"], text));
  const pass = async (): Promise<void> => {
    timers.pass(SAVE_MS);
    await settled();
  };
  const settings = (id: string) => stepById(server.stored.document, id)?.settings;
  return { store, server, journals, keeping, type, pass, settings, save: () => keeping.status.getState().save };
}

const theirs = done(ORDERS, changeSetting(ORDERS, "email_1", ["subject"], "Theirs"));

describe("an open workflow", () => {
  it("takes over what another author saved, as one change that can be undone", async () => {
    const { store, keeping, type, pass, settings } = await opened({}, theirs);
    type("PT2H");
    await pass();
    await pass();
    expect([settings("email_1"), settings("delay_1")]).toMatchObject([{ subject: "Theirs" }, { for: "PT2H" }]);
    expect(keeping.status.getState().merged).toEqual({ by: "Ada", count: 1 });
    expect(store.getState().log.done.at(-1)).toMatchObject({ name: "takeOver", subject: "Ada" });
    store.getState().undo();
    expect(stepById(store.getState().document, "email_1")?.settings).toMatchObject({ subject: "Done" });
  });

  it("asks where both changed one field, and takes what is chosen", async () => {
    const other = done(ORDERS, changeSetting(ORDERS, "delay_1", ["for"], "PT9H"));
    const { server, keeping, type, pass, settings, save } = await opened({}, other);
    type("PT2H");
    await pass();
    const state = save();
    const [conflict] = state.kind === "conflict" ? state.conflicts : [];
    expect(conflict).toMatchObject({ kind: "field", step: "delay_1" });
    expect(server.stored.document).toBe(other);
    await keeping.resolve(new Map([[conflict?.key ?? "", { take: "value", value: "PT5H" }]]));
    expect([save().kind, settings("delay_1")]).toEqual(["saved", { for: "PT5H" }]);
  });

  it("saves again after a change of another author that left the definition as it was", async () => {
    const { server, type, pass, settings, save } = await opened();
    server.stored = { ...server.stored, modifiedOn: 7, by: "Ada" };
    type("PT2H");
    await pass();
    expect(save().kind).toBe("changed");
    await pass();
    expect([save().kind, settings("delay_1")]).toEqual(["saved", { for: "PT2H" }]);
  });

  it("says in which version its changes are", async () => {
    const { keeping, type, pass } = await opened({}, ORDERS, 2);
    type("PT2H");
    await pass();
    expect(keeping.status.getState()).toMatchObject({ version: 2, save: { kind: "saved" } });
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
    await settled();
    timers.pass(20_000);
    await settled();
    leave();
    expect(calls).toEqual([false, false, true]);
  });
});

describe("changes of an earlier visit", () => {
  const changed = done(ORDERS, changeSetting(ORDERS, "delay_1", ["for"], "PT2H"));
  const entry = {
    ...{ name: "changeSetting" as const, subject: "", focus: { step: "delay_1", field: "" }, key: null, at: 5 },
    ...{ patches: patchesBetween(ORDERS, changed), inverse: patchesBetween(changed, ORDERS) },
  };
  const edited = { document: changed, log: { done: [entry], undone: [] } };
  const text = printJournal<WorkflowKind>({ edited, saved: ORDERS, modifiedOn: 1, savedOn: 1, at: 9 });

  it("can be recovered, and nothing is edited until that is decided", async () => {
    const { store, keeping, pass, server } = await opened({ v1: text });
    expect(keeping.status.getState().recovery).toMatchObject({ modifiedOn: 1 });
    expect(store.getState()).toMatchObject({ isReadOnly: true, document: ORDERS });
    keeping.recover();
    await pass();
    expect(server.stored.document).toEqual(changed);
    store.getState().undo();
    expect(store.getState()).toMatchObject({ isReadOnly: false, document: ORDERS });
  });

  it("can be discarded", async () => {
    const { store, keeping, journals } = await opened({ v1: text });
    keeping.discard();
    await settled();
    expect(journals.texts.size).toBe(0);
    expect(store.getState()).toMatchObject({ isReadOnly: false, document: ORDERS });
  });
});

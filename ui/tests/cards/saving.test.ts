import { describe, expect, it } from "vitest";
import { CallError } from "../../src/api/errors";
import type { CardVersion } from "../../src/api/queries/cards/cards";
import { set } from "../../src/cards/document/commands";
import { valueAt } from "../../src/cards/document/path";
import { createCardStore } from "../../src/cards/document/store";
import { createDraft } from "../../src/cards/saving/draft";
import type { Journal } from "../../src/cards/saving/journal";
import { createSaver, type Later, SAVE_MS } from "../../src/cards/saving/saver";
import type { JsonObject } from "../../src/shared/http";
import { refusal } from "../fakes/api";
import { approvalCard, at } from "./cards";

/** Timers that a test lets run. */
function fakeTimers() {
  const waiting = new Map<number, { callback: () => void; milliseconds: number }>();
  let last = 0;
  const later: Later = (callback, milliseconds) => {
    last += 1;
    const id = last;
    waiting.set(id, { callback, milliseconds });
    return () => void waiting.delete(id);
  };
  return {
    later,
    waits: () => [...waiting.values()].map(({ milliseconds }) => milliseconds),
    run: async (): Promise<void> => {
      const due = [...waiting.values()];
      waiting.clear();
      for (const { callback } of due) callback();
      await settled();
    },
  };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

function memoryJournal(): Journal & { kept: Map<string, unknown> } {
  const kept = new Map<string, unknown>();
  return {
    kept,
    read: async (key) => kept.get(key) ?? null,
    write: async (key, value) => void kept.set(key, structuredClone(value)),
    drop: async (key) => void kept.delete(key),
  };
}

describe("a saver", () => {
  it("saves once after the last of several changes, and again what changed while it saved", async () => {
    const timers = fakeTimers();
    const saved: JsonObject[] = [];
    const answers: (() => void)[] = [];
    const states: string[] = [];
    const saver = createSaver({
      later: timers.later,
      onState: ({ kind }) => states.push(kind),
      save: (card) =>
        new Promise((resolve) => {
          saved.push(card);
          answers.push(resolve);
        }),
    });
    saver.change({ n: 1 });
    saver.change({ n: 2 });
    expect(timers.waits()).toEqual([SAVE_MS]);
    await timers.run();
    saver.change({ n: 3 });
    expect(saved).toEqual([{ n: 2 }]);
    answers[0]?.();
    await settled();
    answers[1]?.();
    await settled();
    expect(saved).toEqual([{ n: 2 }, { n: 3 }]);
    expect(states.at(-1)).toBe("saved");
  });

  it("tries again after a lost network, and not after a refusal", async () => {
    const timers = fakeTimers();
    let error = new CallError({ kind: "offline" });
    const saver = createSaver({ later: timers.later, onState: () => undefined, save: () => Promise.reject(error) });
    saver.change({});
    await timers.run();
    expect(timers.waits()).toEqual([10_000]);
    error = new CallError({ kind: "invalid", status: 422 });
    await timers.run();
    expect(timers.waits()).toEqual([]);
  });
});

const version = (more: Partial<CardVersion> = {}): CardVersion => ({
  card_name: "Order",
  status_version: "DRAFT-1",
  organization_id: "o",
  latest: "true",
  created_by: null,
  modified_by: "ada@example.com",
  status: "DRAFT",
  card_version: 1,
  card_id: "c",
  workspace_id: "w",
  workflow_id: null,
  workflow_version: null,
  created_on: 1,
  modified_on: 1,
  card_payload: approvalCard(),
  ...more,
});

/** A server with one card, that refuses what is stale. */
function opened(card = version()) {
  const timers = fakeTimers();
  const journal = memoryJournal();
  const store = createCardStore(card.card_payload, () => 0);
  let stored = card;
  const versions: number[] = [];
  const draft = createDraft({
    card,
    store,
    journal,
    keyOf: () => "k",
    later: timers.later,
    server: {
      save: async ({ modified_on }, document) => {
        if (modified_on !== stored.modified_on) throw refusal(409, "STALE");
        const next =
          stored.status === "ACTIVE" ? { status: "DRAFT" as const, card_version: stored.card_version + 1 } : {};
        stored = { ...stored, ...next, card_payload: document, modified_on: stored.modified_on + 1 };
        return stored;
      },
      read: async () => stored,
    },
    onSignedOut: () => versions.push(-1),
    onSaved: ({ card_version }, isNew) => isNew && versions.push(card_version),
  });
  draft.start();
  const others = (change: (card: JsonObject) => JsonObject): void => {
    stored = {
      ...stored,
      card_payload: change(structuredClone(stored.card_payload)),
      modified_on: stored.modified_on + 1,
    };
  };
  return { timers, journal, store, draft, versions, others, stored: () => stored };
}

const write = (name: string, value: string, path = at("body", 0)) => set(path, name, value);

describe("the draft of a card", () => {
  it("is kept in the browser until it is saved", async () => {
    const { timers, journal, store, stored } = opened();
    store.change(write("text", "new"));
    expect(timers.waits().sort()).toEqual([SAVE_MS, 300]);
    await timers.run();
    expect(valueAt(stored().card_payload, at("body", 0, "text"))).toBe("new");
    expect(journal.kept.size).toBe(0);
  });

  it("is merged with what another person saved, and saved then; the merge can be undone", async () => {
    const { timers, store, others, stored, draft } = opened();
    others((card) => ({ ...card, lang: "de" }));
    store.change(write("text", "mine"));
    await timers.run();
    await timers.run();
    expect(stored().card_payload).toMatchObject({ lang: "de" });
    expect(valueAt(stored().card_payload, at("body", 0, "text"))).toBe("mine");
    expect(draft.state.getState().save).toEqual({ kind: "saved" });
    store.undo();
    expect(store.getState().log.document.lang).toBeUndefined();
    expect(valueAt(store.getState().log.document, at("body", 0, "text"))).toBe("mine");
  });

  it("asks where both changed the same, saves nothing until one is chosen, and then that one", async () => {
    const { timers, store, others, stored, draft } = opened();
    others((card) => ({ ...card, lang: "de" }));
    store.change(set(at(), "lang", "fr"));
    await timers.run();
    expect(draft.state.getState().conflict?.conflicts).toEqual([{ path: ["lang"], mine: "fr", theirs: "de" }]);
    expect(stored().card_payload.lang).toBe("de");
    expect(draft.state.getState().save.kind).toBe("changed");
    draft.choose("mine");
    await settled();
    expect(stored().card_payload.lang).toBe("fr");
    expect(draft.state.getState().save).toEqual({ kind: "saved" });
  });

  it("of an active version is made only after the question, with the next number", async () => {
    const { timers, store, stored, draft, versions } = opened(version({ status: "ACTIVE" }));
    store.change(write("text", "new"));
    await timers.run();
    expect(draft.state.getState().asksForDraft).toBe(true);
    expect(stored().status).toBe("ACTIVE");
    draft.makeDraft();
    await settled();
    expect(stored()).toMatchObject({ status: "DRAFT", card_version: 2 });
    expect(versions).toEqual([2]);
  });

  it("of an earlier visit is offered, and can be undone after it was recovered", async () => {
    const earlier = opened();
    earlier.store.change(write("text", "lost"));
    earlier.store.change(set(at(), "lang", "de"));
    await earlier.journal.write("k", {
      base: approvalCard(),
      modifiedOn: 1,
      document: earlier.store.getState().log.document,
      done: earlier.store.getState().log.done,
    });
    const { journal, store, draft } = opened();
    for (const [key, value] of earlier.journal.kept) await journal.write(key, value);
    draft.stop();
    draft.start();
    await settled();
    expect(draft.state.getState().unsaved?.done).toHaveLength(2);
    draft.recover();
    expect(store.getState().log.document).toEqual(earlier.store.getState().log.document);
    store.undo();
    store.undo();
    expect(store.getState().log.document).toEqual(approvalCard());
  });

  it("stays on the screen and in the browser when the card was deleted", async () => {
    const timers = fakeTimers();
    const journal = memoryJournal();
    const store = createCardStore(approvalCard(), () => 0);
    const gone = (): Promise<never> => Promise.reject(refusal(404, "CARD_NOT_FOUND"));
    const draft = createDraft({
      ...{ card: version(), store, journal, keyOf: () => "k", later: timers.later },
      ...{ server: { save: gone, read: gone }, onSignedOut: () => undefined, onSaved: () => undefined },
    });
    draft.start();
    store.change(write("text", "kept"));
    await timers.run();
    expect(draft.state.getState().save).toMatchObject({ kind: "failed", error: { code: "CARD_NOT_FOUND" } });
    expect(journal.kept.get("k")).toMatchObject({ document: { body: [{ text: "kept" }, {}, {}] } });
  });
});

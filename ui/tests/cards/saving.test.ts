import { describe, expect, it } from "vitest";
import type { CardVersion } from "../../src/api/queries/cards/cards";
import { set } from "../../src/cards/document/commands";
import { createCardStore } from "../../src/cards/document/store";
import { keepCard, storedCard } from "../../src/cards/saving/keep-card";
import { valueAt } from "../../src/editing/document/path";
import { SAVE_MS } from "../../src/editing/keeping/saver";
import type { JsonObject } from "../../src/shared/http";
import { memoryJournals, settled } from "../editing/keeping";
import { handTimers } from "../editing/timers";
import { refusal } from "../fakes/api";
import { cardVersion } from "../fakes/cards";
import { approvalCard, at } from "./cards";

const version = (more: Partial<CardVersion> = {}): CardVersion =>
  cardVersion({ card_version: 1, modified_on: 1, card_payload: approvalCard(), ...more });

/** A server with one card, that refuses what is stale. */
async function opened(card = version(), journals = memoryJournals()) {
  const timers = handTimers();
  const store = createCardStore(card.card_payload, timers.now);
  let stored: CardVersion | null = card;
  const versions: number[] = [];
  const found = (): CardVersion => {
    if (stored === null) throw refusal(404, "CARD_NOT_FOUND");
    return stored;
  };
  const draft = keepCard({
    ...{ card, store, journals, timers },
    keyOf: (of) => `card/${of.version}`,
    server: {
      save: async (document, { modifiedOn }) => {
        const before = found();
        if (modifiedOn !== before.modified_on) throw refusal(409, "STALE");
        const next =
          before.status === "ACTIVE" ? { status: "DRAFT" as const, card_version: before.card_version + 1 } : {};
        stored = { ...before, ...next, card_payload: document, modified_on: before.modified_on + 1 };
        return storedCard(stored);
      },
      read: async () => storedCard(found()),
    },
    onSignedOut: () => undefined,
    onStored: (next, before) => next.version !== before.version && versions.push(next.version),
  });
  const end = draft.start();
  await settled();
  const others = (change: (card: JsonObject) => JsonObject, more: Partial<CardVersion> = {}): void => {
    const before = found();
    const card_payload = change(structuredClone(before.card_payload));
    stored = { ...before, ...more, card_payload, modified_on: before.modified_on + 1 };
  };
  const pass = async (millis = SAVE_MS): Promise<void> => {
    timers.pass(millis);
    await settled();
  };
  const remove = (): void => {
    stored = null;
  };
  return { store, draft, end, versions, others, pass, remove, stored: found, save: () => draft.status.getState().save };
}

const write = (name: string, value: string, path = at("body", 0)) => set(path, name, value);

describe("the draft of a card", () => {
  it("is merged with what another person saved, and saved then; the merge can be undone", async () => {
    const { store, others, stored, pass, save } = await opened();
    others((card) => ({ ...card, lang: "de" }));
    store.change(write("text", "mine"));
    await pass();
    await pass();
    expect(stored().card_payload).toMatchObject({ lang: "de", body: [{ text: "mine" }, {}, {}] });
    expect(save().kind).toBe("saved");
    expect(store.getState().log.done.at(-1)).toMatchObject({ name: "takeOver", subject: "The manager" });
    store.undo();
    expect(store.getState().document.lang).toBeUndefined();
    expect(valueAt(store.getState().document, at("body", 0, "text"))).toBe("mine");
  });

  it.each([
    ["mine", "fr"],
    ["theirs", "de"],
  ] as const)(
    "asks where both changed the same, saves nothing until one is chosen, and then %s",
    async (side, lang) => {
      const { store, others, stored, pass, save, draft } = await opened();
      others((card) => ({ ...card, lang: "de" }));
      store.change(set(at(), "lang", "fr"));
      store.change(write("text", "mine"));
      await pass();
      const state = save();
      const [conflict] = state.kind === "conflict" ? state.conflicts : [];
      expect(conflict).toMatchObject({ path: ["lang"], mine: "fr", theirs: "de" });
      expect(stored().card_payload.lang).toBe("de");
      await draft.resolve(new Map([[conflict?.key ?? "", { take: side }]]));
      expect(stored().card_payload).toMatchObject({ lang, body: [{ text: "mine" }, {}, {}] });
      expect(save().kind).toBe("saved");
    },
  );

  it("of an active version is made only after the question, with the next number", async () => {
    const { store, stored, draft, versions, pass, save } = await opened(version({ status: "ACTIVE" }));
    store.change(write("text", "new"));
    await pass();
    expect([save(), stored().status]).toEqual([{ kind: "changed", isHeld: true }, "ACTIVE"]);
    await draft.allow();
    expect(stored()).toMatchObject({ status: "DRAFT", card_version: 2 });
    expect(versions).toEqual([2]);
    expect(draft.status.getState().stored.card).toMatchObject({ status: "DRAFT", card_version: 2 });
  });

  it("that another person activated is saved as the next draft after the question", async () => {
    const { store, others, stored, draft, pass, save } = await opened();
    others((card) => card, { status: "ACTIVE" });
    store.change(write("text", "new"));
    await pass();
    expect(save()).toEqual({ kind: "changed", isHeld: true });
    await draft.allow();
    expect(stored()).toMatchObject({ status: "DRAFT", card_version: 2 });
  });

  it("of an earlier visit is offered, is locked until then, and can be undone after it was recovered", async () => {
    const journals = memoryJournals();
    const earlier = await opened(version({ status: "ACTIVE" }), journals);
    earlier.store.change(write("text", "lost"));
    earlier.store.change(set(at(), "lang", "de"));
    earlier.end();
    await settled();
    const { store, draft } = await opened(version({ status: "ACTIVE" }), journals);
    expect(draft.status.getState().recovery?.edited.log.done).toHaveLength(2);
    store.change(set(at(), "lang", "fr"));
    expect(store.getState().document).toEqual(approvalCard());
    draft.recover();
    expect(store.getState().document).toEqual(earlier.store.getState().document);
    store.undo();
    store.undo();
    expect(store.getState().document).toEqual(approvalCard());
  });

  it("stays on the screen and in the browser when the card was deleted", async () => {
    const journals = memoryJournals();
    const { store, remove, pass, save } = await opened(version(), journals);
    remove();
    store.change(write("text", "kept"));
    await pass();
    expect(save()).toMatchObject({ kind: "failed", isRetried: false, error: { code: "CARD_NOT_FOUND" } });
    expect(JSON.parse(journals.texts.get("card/1") ?? "")).toMatchObject({
      document: { body: [{ text: "kept" }, {}, {}] },
    });
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Command,
  type Edited,
  EMPTY_LOG,
  MOST_ENTRIES,
  readEntries,
  redo,
  replaceBy,
  run,
  TYPING_MS,
  undo,
} from "../../src/editing/document/log";
import { applyPatches, patchesBetween } from "../../src/editing/document/patches";
import { isSameJson } from "../../src/shared/exact";
import type { JsonObject } from "../../src/shared/http";
import { DOCUMENTS, VALUES } from "./documents";

type State = Edited<JsonObject>;

const begin = (document: JsonObject): State => ({ document, log: EMPTY_LOG });
const become = (next: JsonObject): Command => ({
  name: "become",
  subject: "",
  focus: null,
  apply: (draft) => replaceBy(draft, next),
});
const set = (name: string, value: unknown, key?: string): Command => ({
  ...{ name: "set", subject: name, focus: null },
  ...(key !== undefined && { key }),
  apply: (draft) => {
    draft[name] = value;
  },
});
const repeat = (state: State, act: (state: State) => State | null): State => {
  const next = act(state);
  return next === null ? state : repeat(next, act);
};

describe("patches", () => {
  it("make the one of the other, for any two values, and are none for the same", () => {
    fc.assert(
      fc.property(VALUES, VALUES, (one, other) => {
        expect(isSameJson(applyPatches(one, patchesBetween(one, other)), other)).toBe(true);
        expect(patchesBetween(one, JSON.parse(JSON.stringify(one)))).toEqual([]);
      }),
    );
  });

  it("of an item that was removed name that item alone", () => {
    const items = Array.from({ length: 2_000 }, (_, at) => ({ id: `s${at}` }));
    const patches = patchesBetween({ items }, { items: items.toSpliced(3, 1) });
    expect(patches).toEqual([{ op: "splice", path: ["items"], at: 3, remove: 1, add: [] }]);
  });
});

describe("the log of a document", () => {
  const ended = (base: JsonObject, documents: readonly JsonObject[]): State =>
    documents.reduce((state, next, turn) => run(state, become(next), turn * 10_000), begin(base));

  it("undoes any changes to where they began, and redoes them to where they ended", () => {
    fc.assert(
      fc.property(DOCUMENTS, fc.array(DOCUMENTS), (base, documents) => {
        const end = ended(base, documents);
        expect(end.document).toEqual(documents.at(-1) ?? base);
        const start = repeat(end, undo);
        expect(start.document).toEqual(base);
        expect(start.log.undone).toHaveLength(end.log.done.length);
        expect(repeat(start, redo).document).toEqual(end.document);
      }),
    );
  });

  it("does so after it was written as JSON and read", () => {
    fc.assert(
      fc.property(DOCUMENTS, fc.array(DOCUMENTS), (base, documents) => {
        const { document, log }: State = JSON.parse(JSON.stringify(ended(base, documents)));
        const done = readEntries(log.done);
        expect(repeat({ document, log: { done, undone: [] } }, undo).document).toEqual(base);
      }),
    );
  });

  it("keeps what a command leaves alone as the same object, also where all of it was written again", () => {
    const base = { kept: { deep: [1, 2] }, a: 1 };
    const { document } = run(begin(base), become({ kept: { deep: [1, 2] }, a: 2 }), 0);
    expect(document).toEqual({ ...base, a: 2 });
    expect(document.kept).toBe(base.kept);
  });

  it("has no entry for what changes nothing", () => {
    const state = begin({ a: 1 });
    expect(run(state, set("a", 1), 0)).toEqual(state);
    expect(undo(state)).toBeNull();
    expect(redo(state)).toBeNull();
  });

  it("is one entry for typing in one field within a second, and another one after a pause or in another field", () => {
    const typed = ["O", "Or", "Ord"].reduce(
      (state, text, turn) => run(state, set("a", text, "a"), turn * 300),
      begin({}),
    );
    expect(typed.log.done).toHaveLength(1);
    expect(typed.log.done[0]?.patches).toHaveLength(1);
    expect(undo(typed)?.document).toEqual({});
    expect(run(typed, set("b", "x", "b"), 700).log.done).toHaveLength(2);
    expect(run(typed, set("a", "Orde", "a"), 600 + TYPING_MS).log.done).toHaveLength(2);
    expect(run(typed, set("a", "Orde"), 700).log.done).toHaveLength(2);
  });

  it("is no entry where what was typed was taken out again", () => {
    const base = begin({ a: "x" });
    const typed = run(base, set("a", "xy", "a"), 0);
    expect(run(typed, set("a", "x", "a"), 300)).toEqual(base);
  });

  it("does not join what is typed with what was redone", () => {
    const typed = run(begin({}), set("a", "O", "a"), 0);
    const again = redo(undo(typed) ?? typed) ?? typed;
    expect(run(again, set("a", "Or", "a"), 300).log.done).toHaveLength(2);
  });

  it("forgets what was undone when something else is done", () => {
    const undone = undo(run(begin({}), set("a", 1), 0)) ?? begin({});
    expect(run(undone, set("a", 2), 5_000).log.undone).toEqual([]);
  });

  it("keeps at most 500 entries, the newest", () => {
    const state = Array.from({ length: MOST_ENTRIES + 20 }).reduce<State>(
      (before, _, turn) => run(before, set("a", turn), turn),
      begin({}),
    );
    expect(state.log.done).toHaveLength(MOST_ENTRIES);
    expect(repeat(state, undo).document).toEqual({ a: 19 });
  });

  it("leaves out what is no entry when it is read", () => {
    const [entry] = run(begin({}), set("a", 1), 0).log.done;
    expect(readEntries([entry, null, {}, "x", { ...entry, patches: 1 }])).toEqual([entry]);
    expect(readEntries("x")).toEqual([]);
  });
});

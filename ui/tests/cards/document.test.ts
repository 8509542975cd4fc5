import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clipboardOf, pastedOf } from "../../src/cards/document/clipboard";
import { add, dropOn, duplicate, isRefusal, moveBy, newPart, remove, set } from "../../src/cards/document/commands";
import { isEqual, merge } from "../../src/cards/document/differences";
import { existing, type Log, logOf, MOST_ENTRIES, redo, run, undo } from "../../src/cards/document/log";
import { outlineOf } from "../../src/cards/document/outline";
import { pathOf, pointerOf, valueAt } from "../../src/cards/document/path";
import { offeredTypes } from "../../src/cards/document/places";
import { createCardStore } from "../../src/cards/document/store";
import type { JsonObject } from "../../src/shared/http";
import { approvalCard, at, changeOf, ids, type Step, steps } from "./cards";

function perform(log: Log, done: readonly Step[], gap = 10_000): Log {
  return done.reduce((before, step, time) => {
    const change = changeOf(step, before.document);
    return isRefusal(change) ? before : run(before, change, time * gap);
  }, log);
}

const repeat = (log: Log, act: (log: Log) => Log, times: number): Log =>
  Array.from({ length: times }).reduce<Log>((before) => act(before), log);

describe("the log of a card", () => {
  it("undoes any changes to where they began, and redoes them to where they ended", () => {
    fc.assert(
      fc.property(steps, (done) => {
        const base = logOf(approvalCard());
        const end = perform(base, done);
        const begin = repeat(end, undo, end.done.length);
        expect(begin.document).toEqual(base.document);
        expect(repeat(begin, redo, begin.undone.length).document).toEqual(end.document);
      }),
      { numRuns: 150 },
    );
  });

  it("undoes what was read from a journal, as it undoes what was done here", () => {
    fc.assert(
      fc.property(steps, (done) => {
        const base = logOf(approvalCard());
        const end: Log = JSON.parse(JSON.stringify(perform(base, done)));
        expect(repeat(end, undo, end.done.length).document).toEqual(base.document);
      }),
      { numRuns: 50 },
    );
  });

  it("keeps what no command names, whatever else changes", () => {
    fc.assert(
      fc.property(steps, (done) => {
        expect(perform(logOf(approvalCard()), done).document.x_ours).toEqual(approvalCard().x_ours);
      }),
      { numRuns: 50 },
    );
  });

  it("is one entry for typing in one field within a second, and two for two fields or a pause", () => {
    const path = at("body", 0);
    const typed = ["O", "Or", "Ord"].reduce(
      (log, text, time) => run(log, set(path, "text", text), time * 300),
      logOf(approvalCard()),
    );
    expect(typed.done).toHaveLength(1);
    expect(undo(typed).document).toEqual(approvalCard());
    const paused = run(typed, set(path, "text", "Orde"), 5_000);
    expect(paused.done).toHaveLength(2);
    expect(run(paused, set(path, "id", "x"), 5_100).done).toHaveLength(3);
  });

  it("keeps at most 500 entries", () => {
    const log = Array.from({ length: MOST_ENTRIES + 20 }).reduce<Log>(
      (before, _, time) => run(before, set(at(), "lang", `l${time}`), time * 5_000),
      logOf(approvalCard()),
    );
    expect(log.done).toHaveLength(MOST_ENTRIES);
  });

  it("selects what an undo changed, or what is left of it", () => {
    const store = createCardStore(approvalCard(), () => 0);
    store.change(add(store.getState().log.document, [newPart("Image")], at("body", 1)));
    const [added] = store.getState().selected;
    expect(pointerOf(added ?? [])).toBe("/body/1/items/2");
    store.undo();
    expect(store.getState().selected).toEqual([at("body", 1)]);
    store.redo();
    expect(store.getState().selected).toEqual([added]);
    expect(existing(approvalCard(), [at("body", 9, "items", 1)])).toEqual([[]]);
  });
});

describe("a command", () => {
  it("never makes an id twice, neither by a copy nor by a paste", () => {
    const card = approvalCard();
    const copied = duplicate(card, [at("body", 2)]);
    if (isRefusal(copied)) throw new Error(copied);
    const { document } = run(logOf(card), copied, 0);
    expect(ids(document)).toEqual(["comment", "comment_2"]);
    const pasted = add(document, [{ type: "Input.Text", id: "comment" }], at("body", 0));
    if (isRefusal(pasted)) throw new Error(pasted);
    expect(ids(run(logOf(document), pasted, 0).document)).toEqual(["comment_3", "comment", "comment_2"]);
  });

  it("puts a part where the selection says, and says why where it has no place", () => {
    const card = approvalCard();
    expect(add(card, [newPart("Column")], at("body", 0))).toBe("no-place");
    const action = add(card, [newPart("Action.Submit")], at("body", 0));
    expect(isRefusal(action) ? action : action.focus).toEqual([["actions", 2]]);
    const fact = add(card, [newPart("Fact")], at("body", 1, "items", 1, "facts", 0));
    expect(isRefusal(fact) ? fact : fact.focus).toEqual([["body", 1, "items", 1, "facts", 1]]);
  });

  it("offers what only the selected part takes, and knows an item of a choice from a fact by its place", () => {
    const card: JsonObject = {
      type: "AdaptiveCard",
      body: [
        { type: "Input.ChoiceSet", id: "a", choices: [] },
        { type: "ColumnSet", columns: [] },
      ],
    };
    expect(offeredTypes(card, at("body", 0))).toEqual(["Choice"]);
    expect(offeredTypes(card, at("body", 1))).toEqual(["Column"]);
    expect(offeredTypes(card, at())).toEqual([]);
    const item = add(card, [newPart("Choice")], at("body", 0));
    expect(isRefusal(item) ? item : item.focus).toEqual([["body", 0, "choices", 0]]);
  });

  it("moves a part up, down, into the one above and out again", () => {
    const store = createCardStore(approvalCard(), () => 0);
    store.select([at("body", 2)]);
    const move = (direction: "up" | "down" | "in" | "out"): string => {
      const { log, selected } = store.getState();
      store.change(moveBy(log.document, selected[0] ?? [], direction));
      return pointerOf(store.getState().selected[0] ?? []);
    };
    expect([move("in"), move("up"), move("out"), move("up"), move("down")]).toEqual([
      "/body/1/items/2",
      "/body/1/items/1",
      "/body/2",
      "/body/1",
      "/body/2",
    ]);
    move("down");
    expect(store.getState().refusal).toBe("no-room");
  });

  it("refuses to put a part into itself, and to remove the card", () => {
    expect(dropOn(approvalCard(), at("body", 1), at("body", 1, "items", 0))).toBe("into-itself");
    expect(remove(approvalCard(), [at()])).toBe("root");
  });

  it("removes several parts at once, one within another too", () => {
    const card = approvalCard();
    const change = remove(card, [at("body", 1, "items", 0), at("body", 1), at("body", 0)]);
    if (isRefusal(change)) throw new Error(change);
    const { document } = run(logOf(card), change, 0);
    expect(outlineOf(document).map(({ type }) => type)).toEqual([
      "AdaptiveCard",
      "Input.Text",
      "Action.Submit",
      "Action.Submit",
    ]);
  });
});

describe("pointers", () => {
  it("lead to the part that has them", () => {
    const card = approvalCard();
    for (const { pointer, value, path } of outlineOf(card)) {
      expect(pathOf(pointer, card)).toEqual(path);
      expect(valueAt(card, path)).toBe(value);
    }
  });
});

describe("the clipboard", () => {
  it("takes what it gave, a whole card, and parts of other designers", () => {
    const parts = [{ type: "TextBlock", text: "𝄞" }];
    expect(pastedOf(clipboardOf(parts))).toEqual({ kind: "parts", parts });
    expect(pastedOf(JSON.stringify(approvalCard()))).toEqual({ kind: "card", card: approvalCard() });
    expect(pastedOf('{"type":"Image","url":"https://example.com/a.png"}')).toMatchObject({ kind: "parts" });
  });

  it.each([
    ["markup", "<script>alert(1)</script>"],
    ["a workflow", '{"workflow_steps":[]}'],
    ["a list with something else", '[{"type":"TextBlock"},{"type":"trigger"}]'],
    ["nothing", ""],
    ["a number", "12"],
  ])("refuses %s", (_, text) => {
    expect(pastedOf(text)).toBe("no-card");
  });

  it("refuses ten megabytes without reading them", () => {
    expect(pastedOf("[".repeat(10_000_000))).toBe("too-large");
  });
});

const values = fc.dictionary(
  fc.constantFrom("a", "b", "c"),
  fc.oneof(
    fc.integer(),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("x", "y"), fc.integer()),
  ),
);

describe("a merge", () => {
  it("is the change of the one where the other did nothing", () => {
    fc.assert(
      fc.property(values, values, (base, mine) => {
        expect(merge(base, mine, base)).toEqual({ value: mine, conflicts: [] });
        expect(merge(base, base, mine)).toEqual({ value: mine, conflicts: [] });
        expect(merge(base, mine, mine)).toEqual({ value: mine, conflicts: [] });
      }),
    );
  });

  it("is the same in both orders where nothing is in conflict, and names the same places where something is", () => {
    fc.assert(
      fc.property(values, values, values, (base, mine, theirs) => {
        const one = merge(base, mine, theirs);
        const other = merge(base, theirs, mine);
        if (one.conflicts.length === 0) expect(isEqual(one.value, other.value)).toBe(true);
        const placesOf = ({ conflicts }: typeof one): string[] => conflicts.map(({ path }) => pointerOf(path)).sort();
        expect(placesOf(one)).toEqual(placesOf(other));
      }),
    );
  });

  it("joins changes of two properties, and finds two changes of one", () => {
    const base: JsonObject = approvalCard();
    const mine = run(logOf(base), set(at("body", 0), "text", "mine"), 0).document;
    const theirs = run(logOf(base), set(at("body", 2), "label", "theirs"), 0).document;
    const both = merge(base, mine, theirs);
    expect(both.conflicts).toEqual([]);
    expect(valueAt(both.value, at("body", 0, "text"))).toBe("mine");
    expect(valueAt(both.value, at("body", 2, "label"))).toBe("theirs");
    const same = run(logOf(base), set(at("body", 0), "text", "theirs"), 0).document;
    expect(merge(base, mine, same).conflicts).toEqual([
      { path: at("body", 0, "text"), mine: "mine", theirs: "theirs" },
    ]);
  });
});

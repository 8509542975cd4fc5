import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clipboardOf, readPasted } from "../../src/cards/document/clipboard";
import { add, dropOn, duplicate, isRefusal, moveBy, newPart, remove, set } from "../../src/cards/document/commands";
import { mergeCards } from "../../src/cards/document/merge";
import { outlineOf } from "../../src/cards/document/outline";
import { offeredTypes } from "../../src/cards/document/places";
import { createCardStore, existing } from "../../src/cards/document/store";
import { pathOf, pointerOf, valueAt } from "../../src/editing/document/path";
import type { JsonObject } from "../../src/shared/http";
import { approvalCard, at, changed, changeOf, ids, steps } from "./cards";

describe("a card in its store", () => {
  it("keeps what no command names, whatever else changes, and is undone to what it was", () => {
    fc.assert(
      fc.property(steps, (done) => {
        let time = 0;
        const store = createCardStore(approvalCard(), () => (time += 10_000));
        for (const step of done) store.change(changeOf(step, store.getState().document));
        expect(store.getState().document.x_ours).toEqual(approvalCard().x_ours);
        while (store.getState().log.done.length > 0) store.undo();
        expect(store.getState().document).toEqual(approvalCard());
      }),
      { numRuns: 100 },
    );
  });

  it("changes nothing while it is locked", () => {
    const store = createCardStore(approvalCard(), () => 0);
    store.change(set(at(), "lang", "de"));
    store.lock(true);
    store.change(set(at(), "lang", "fr"));
    store.undo();
    expect(store.getState().document.lang).toBe("de");
    store.lock(false);
    store.undo();
    expect(store.getState().document.lang).toBeUndefined();
  });

  it("selects what an undo changed, or what is left of it", () => {
    const store = createCardStore(approvalCard(), () => 0);
    store.change(add(store.getState().document, [newPart("Image")], at("body", 1)));
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
    const document = changed(card, copied);
    expect(ids(document)).toEqual(["comment", "comment_2"]);
    const pasted = add(document, [{ type: "Input.Text", id: "comment" }], at("body", 0));
    if (isRefusal(pasted)) throw new Error(pasted);
    expect(ids(changed(document, pasted))).toEqual(["comment_3", "comment", "comment_2"]);
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
      const { document, selected } = store.getState();
      store.change(moveBy(document, selected[0] ?? [], direction));
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
    const document = changed(card, change);
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
    expect(readPasted(clipboardOf(parts))).toEqual({ kind: "parts", parts });
    expect(readPasted(JSON.stringify(approvalCard()))).toEqual({ kind: "card", card: approvalCard() });
    expect(readPasted('{"type":"Image","url":"https://example.com/a.png"}')).toMatchObject({ kind: "parts" });
  });

  it.each([
    ["markup", "<script>alert(1)</script>"],
    ["a workflow", '{"workflow_steps":[]}'],
    ["a list with something else", '[{"type":"TextBlock"},{"type":"trigger"}]'],
    ["nothing", ""],
    ["a number", "12"],
  ])("refuses %s", (_, text) => {
    expect(readPasted(text)).toBe("no-card");
  });

  it("refuses ten megabytes without reading them", () => {
    expect(readPasted("[".repeat(10_000_000))).toBe("too-large");
  });
});

describe("a merge", () => {
  const merge = (base: JsonObject, mine: JsonObject, theirs: JsonObject) => mergeCards(base, mine, theirs, new Map());

  it("joins changes of two properties, and finds two changes of one", () => {
    const base: JsonObject = approvalCard();
    const mine = changed(base, set(at("body", 0), "text", "mine"));
    const theirs = changed(base, set(at("body", 2), "label", "theirs"));
    const both = merge(base, mine, theirs);
    expect(both.conflicts).toEqual([]);
    expect(valueAt(both.document, at("body", 0, "text"))).toBe("mine");
    expect(valueAt(both.document, at("body", 2, "label"))).toBe("theirs");
    const same = changed(base, set(at("body", 0), "text", "theirs"));
    expect(merge(base, mine, same).conflicts).toMatchObject([
      { path: at("body", 0, "text"), mine: "mine", theirs: "theirs" },
    ]);
  });

  it("asks about a list that one made longer and the other changed", () => {
    const base = approvalCard();
    const mine = changed(base, add(base, [newPart("Image")], at("body", 0)));
    const theirs = changed(base, set(at("body", 2), "label", "theirs"));
    expect(merge(base, mine, theirs).conflicts).toMatchObject([{ path: at("body"), mine: mine.body }]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Command, createCommandRegistry } from "../../src/shell/commands/commands";
import { questionIn } from "../../src/shell/commands/execution-commands";
import { byGroup, find } from "../../src/shell/commands/find";
import { match, nameOf } from "../../src/shell/commands/keyboard";
import { initialsOf } from "../../src/shell/UserMenu";

function command(id: string, text: string, more: Partial<Command> = {}): Command {
  return { id, text, icon: "search", group: "Go to", run: () => undefined, ...more };
}

const INBOX = command("inbox", "Inbox", { keys: "g i" });
const ADMIN = command("admin", "Administration", { keys: "g a" });
const NEXT = command("next", "Next request", { keys: "j", group: "On this screen" });
const SEARCH = command("search", "Search", { keys: "Ctrl+K" });
const ALL = [INBOX, ADMIN, NEXT, SEARCH];

describe("keys", () => {
  it("run the command of one press, or of two after each other", () => {
    expect(match(ALL, "", "j")).toEqual({ command: NEXT, open: "" });
    expect(match(ALL, "", "g")).toEqual({ command: null, open: "g" });
    expect(match(ALL, "g", "a")).toEqual({ command: ADMIN, open: "" });
  });

  it("begin again when the second press fits nothing", () => {
    expect(match(ALL, "g", "j")).toEqual({ command: NEXT, open: "" });
    expect(match(ALL, "g", "x")).toEqual({ command: null, open: "" });
  });

  it("have the names of commands", () => {
    expect(nameOf({ key: "k", isCtrl: true, isAlt: false })).toBe("Ctrl+K");
    expect(nameOf({ key: "?", isCtrl: false, isAlt: false })).toBe("?");
    expect(nameOf({ key: "j", isCtrl: false, isAlt: true })).toBeNull();
  });
});

describe("the palette", () => {
  it("finds by every word, in any order and spelling, those that begin with the text first", () => {
    expect(find(ALL, "request NEXT").map(({ id }) => id)).toEqual(["next"]);
    expect(find([command("b", "To Grüße"), command("a", "Grüße")], "grusse").map(({ id }) => id)).toEqual([]);
    expect(find([command("b", "To Grüne"), command("a", "Grüne")], "grune").map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("lists everything for no text, and each group once", () => {
    expect(find(ALL, " ")).toEqual(ALL);
    expect(byGroup(ALL).map(([group, each]) => [group, each.length])).toEqual([
      ["Go to", 3],
      ["On this screen", 1],
    ]);
  });

  it("knows a number, and the question why it does not move", () => {
    expect(questionIn(" PO-4711 ")).toEqual({ number: "PO-4711", isWhy: false });
    expect(questionIn("Why  PO-4711")).toEqual({ number: "PO-4711", isWhy: true });
    expect(questionIn("warum 4711")).toEqual({ number: "4711", isWhy: true });
    expect(questionIn("why ")).toEqual({ number: "", isWhy: true });
    expect(questionIn("whyever")).toEqual({ number: "whyever", isWhy: false });
  });

  it("loses no command by grouping", () => {
    const commands = fc.array(fc.record({ id: fc.string(), group: fc.constantFrom("a", "b", "c") }));
    fc.assert(
      fc.property(commands, (each) => {
        const all = each.map(({ id, group }) => command(id, id, { group }));
        expect(byGroup(all).flatMap(([, found]) => found)).toHaveLength(all.length);
      }),
    );
  });
});

describe("the registry of commands", () => {
  it("has the commands of what is on the screen", () => {
    const registry = createCommandRegistry();
    const seen: number[] = [];
    registry.subscribe(() => seen.push(registry.list().length));
    const remove = registry.add([INBOX, ADMIN]);
    registry.add([NEXT]);
    remove();
    expect(registry.list()).toEqual([NEXT]);
    expect(seen).toEqual([2, 3, 1]);
  });
});

describe("the initials of a person", () => {
  it.each([
    ["The manager", "TM"],
    ["manager@example.com", "MA"],
    ["first.last@example.com", "FL"],
    ["x", "X"],
    ["", ""],
  ])("%s: %s", (name, expected) => {
    expect(initialsOf(name)).toBe(expected);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dayOf, startOf } from "../../src/inbox/days";
import { buttonsOf, factLabels, groupsOf, MOST, remainingSelection, toggleCard } from "../../src/inbox/deciding/bulk";
import {
  decisionOf,
  endOf,
  isRefusal,
  lacksComment,
  questionOf,
  raceText,
  withComment,
} from "../../src/inbox/deciding/decide";
import {
  chipsOf,
  criteriaOf,
  endOfDay,
  type Filter,
  filterOf,
  isShown,
  textOfFilter,
} from "../../src/inbox/list/filter";
import { dueOf, keyFactOf, shortAddress, withDates, workingTime } from "../../src/inbox/list/row";
import { allOf, merge, neighbor } from "../../src/inbox/list/shown";
import { english } from "../../src/inbox/text.en";
import { formatsOf } from "../../src/text/formats";
import { cardItem, cardRow, DECISION } from "../fakes/inbox";

const HOUR = 3_600_000;
const at = (text: string): number => new Date(text).getTime();

describe("a row", () => {
  it("shows the amount where the card has one, else the first fact", () => {
    const group = { label: "Group", value: "002" };
    expect(keyFactOf({ key_facts: [group, { label: "Amount", value: "17,010.00 EUR" }] })).toBe("17,010.00 EUR");
    expect(keyFactOf({ key_facts: [group] })).toBe("002");
    expect(keyFactOf({ key_facts: [] })).toBe("");
  });

  it("shows dates and times of a card as the reader writes them, and others as they are", () => {
    const english = formatsOf("en", "UTC");
    const german = formatsOf("de", "UTC");
    const value = "{{DATE(2026-11-02T12:00:00Z, SHORT)}} {{TIME(2026-11-02T12:30:00Z)}}";
    expect(withDates(value, english)).toBe("2 Nov 2026 12:30");
    expect(withDates(value, german)).toBe("2. Nov. 2026 12:30");
    expect(withDates("{{DATE(soon)}} {{NOW()}}", english)).toBe("{{DATE(soon)}} {{NOW()}}");
  });

  it("shortens an address to the part before the host", () => {
    expect(shortAddress("buyer@example.com")).toBe("buyer@");
    expect(shortAddress("buyer")).toBe("buyer");
  });

  it("is due soon when less than 4 working hours are left, over a weekend too", () => {
    const friday = at("2026-11-27T16:00");
    expect(dueOf(null, friday).kind).toBe("none");
    expect(dueOf(at("2026-11-27T15:59"), friday).kind).toBe("over");
    expect(dueOf(at("2026-11-30T09:30"), friday).kind).toBe("soon");
    expect(dueOf(at("2026-11-30T10:30"), friday).kind).toBe("later");
  });

  it("counts working time that is never more than the time, and adds up", () => {
    const start = at("2026-11-23T00:00");
    const instant = fc.integer({ min: 0, max: 10 * 24 }).map((hours) => start + hours * HOUR);
    fc.assert(
      fc.property(fc.tuple(instant, instant, instant), (instants) => {
        const [a = 0, b = 0, c = 0] = [...instants].sort((one, other) => one - other);
        expect(workingTime(a, c)).toBe(workingTime(a, b) + workingTime(b, c));
        expect(workingTime(a, c)).toBeLessThanOrEqual(c - a);
      }),
    );
  });
});

describe("a filter of the list", () => {
  const now = at("2026-11-27T10:00");
  const card = cardRow({ workflow_id: "orders", workflow_name: "Orders" });
  const due = cardRow({ workflow_id: "prices", workflow_name: "Prices", due_on: at("2026-11-27T17:00") });
  const forOther = cardRow({ workflow_id: "orders", workflow_name: "Orders", is_substitute_for: "boss@example.com" });

  it("is read from the address as it is written there, whatever else is written", () => {
    const filters = fc.oneof(
      fc.constant<Filter>({ kind: "all" }),
      fc.constant<Filter>({ kind: "due" }),
      fc.emailAddress().map((person): Filter => ({ kind: "for", person })),
      fc.uuid().map((id): Filter => ({ kind: "workflow", id })),
    );
    fc.assert(
      fc.property(filters, (filter) => {
        expect(filterOf(textOfFilter(filter))).toEqual(filter);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(["all", "due", "for", "workflow"]).toContain(filterOf(text).kind);
      }),
    );
  });

  it("is offered where it shows some of the requests and not all, with their number", () => {
    expect(chipsOf([card, due, forOther], now).map(({ filter, name, count }) => [filter.kind, name, count])).toEqual([
      ["all", "", 3],
      ["due", "", 1],
      ["for", "boss@example.com", 1],
      ["workflow", "Orders", 2],
      ["workflow", "Prices", 1],
    ]);
    expect(chipsOf([card, card], now)).toEqual([]);
    expect(chipsOf([], now)).toEqual([]);
  });

  it("asks the server for what it selects by: what is due by the end of today, or a workflow", () => {
    expect(endOfDay(now)).toBe(at("2026-11-28T00:00"));
    expect(criteriaOf({ kind: "due" }, now)).toEqual({ due_before: endOfDay(now) });
    expect(criteriaOf({ kind: "workflow", id: "orders" }, now)).toEqual({ workflow_id: "orders" });
    expect(criteriaOf({ kind: "for", person: "boss@example.com" }, now)).toEqual({
      substitute_for: "boss@example.com",
    });
    expect(isShown({ kind: "for", person: "boss@example.com" }, card, now)).toBe(false);
  });
});

describe("the rows on the screen", () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 12 });
  const cardsOf = (numbers: number[]) =>
    [...numbers].sort((a, b) => b - a).map((n) => cardRow({ card_id: `card-${n}`, opened_on: n }));

  it("keep their places, whatever arrives or ends", () => {
    fc.assert(
      fc.property(ids, ids, (first, second) => {
        const before = allOf(cardsOf(first));
        const after = merge(before, cardsOf(second));
        const places = ({ rows }: typeof after) => rows.map(({ card }) => card.card_id);
        expect(places(after).slice(0, first.length)).toEqual(first.length === 0 ? [] : places(before));
        const open = after.rows.filter(({ isGone }) => !isGone).length;
        expect(open + after.newer).toBe(second.length);
      }),
    );
  });

  it("get what is loaded behind them, and count what is newer", () => {
    const shown = merge(allOf(cardsOf([5, 4])), cardsOf([6, 5, 3]));
    expect(shown.rows.map(({ card, isGone }) => [card.card_id, isGone])).toEqual([
      ["card-5", false],
      ["card-4", true],
      ["card-3", false],
    ]);
    expect(shown.newer).toBe(1);
  });

  it("are walked by keys, which stop at the ends and pass by what is gone", () => {
    const { rows } = merge(allOf(cardsOf([5, 4, 3])), cardsOf([5, 3]));
    expect(neighbor(rows, undefined, 1)).toBe("card-5");
    expect(neighbor(rows, "card-5", 1)).toBe("card-3");
    expect(neighbor(rows, "card-3", 1)).toBe("card-3");
    expect(neighbor(rows, "card-5", -1)).toBe("card-5");
    expect(neighbor([], undefined, 1)).toBeUndefined();
  });
});

describe("requests that are decided together", () => {
  const some = [
    cardRow({ card_id: "a", bulk_key: "one" }),
    cardRow({ card_id: "b", bulk_key: "one" }),
    cardRow({ card_id: "c", bulk_key: "two" }),
    cardRow({ card_id: "d", bulk_key: null }),
    cardRow({ card_id: "e", bulk_key: "one", status: "FROZEN" }),
  ];

  it("have one key and are open", () => {
    expect(groupsOf(some).map((group) => group.map(({ card_id }) => card_id))).toEqual([["a", "b"]]);
  });

  it("are selected with others of the same key only, and never more than one call answers", () => {
    expect(toggleCard(some, new Set(["a"]), "b")).toEqual(new Set(["a", "b"]));
    expect(toggleCard(some, new Set(["a"]), "c")).toEqual(new Set(["c"]));
    expect(toggleCard(some, new Set(["a"]), "d")).toEqual(new Set(["a"]));
    expect(toggleCard(some, new Set(["a", "b"]), "a")).toEqual(new Set(["b"]));
    const many = Array.from({ length: MOST + 5 }, (_, n) => cardRow({ card_id: `${n}`, bulk_key: "one" }));
    const all = many.reduce((selected, { card_id }) => toggleCard(many, selected, card_id), new Set<string>());
    expect(all.size).toBe(MOST);
  });

  it("are shown by the facts that they have", () => {
    const facts = (...labels: string[]) => cardRow({ key_facts: labels.map((label) => ({ label, value: "1" })) });
    expect(factLabels([facts("A", "B"), facts("B", "C", "D")])).toEqual(["A", "B", "C"]);
  });

  it("have the buttons of their card, each once, wherever it has them", () => {
    const approve = { type: "Action.Submit", title: "Approve", style: "positive", data: { action: "approve" } };
    const more = { type: "Action.Execute", title: "Ask", verb: "ask" };
    const card = { body: [{ type: "ActionSet", actions: [approve, more] }], actions: [approve] };
    expect(buttonsOf(card).map(({ title, style, data }) => [title, style, data])).toEqual([
      ["Approve", "positive", { action: "approve" }],
      ["Ask", "default", { value: undefined, verb: "ask" }],
    ]);
  });

  it("stay selected where they changed, or where the answer is not known", () => {
    const results = (["recorded", "changed", "refused", "unknown", "already answered"] as const).map((result) => ({
      card_id: result,
      result,
    }));
    expect(remainingSelection(results)).toEqual(new Set(["changed", "unknown"]));
  });
});

describe("an answer", () => {
  const approve = { style: "positive", data: { action: "approve" } } as const;
  const reject = { style: "destructive", data: { action: "reject" } } as const;
  const rule = (comment_required: "always" | "reject" | null) => ({ approval: { comment_required } as never });

  it("is confirmed when it refuses, and only then", () => {
    expect(isRefusal(reject)).toBe(true);
    expect(questionOf(rule(null), approve)).toBeNull();
    expect(questionOf(rule(null), reject)).toBe("confirm");
    expect(questionOf(rule("always"), approve)).toBe("comment");
    expect(questionOf({ approval: null }, approve)).toBeNull();
  });

  it("needs a comment where the approval says so and the card has none", () => {
    expect(lacksComment(rule("reject"), reject)).toBe(true);
    expect(lacksComment(rule("reject"), approve)).toBe(false);
    expect(lacksComment(rule("always"), { ...approve, data: { action: "approve", comment: " " } })).toBe(true);
    expect(lacksComment(rule("always"), { ...approve, data: withComment(approve.data, " seen ") })).toBe(false);
  });

  it("of an approval is the last one, also where it closed the reader's card", () => {
    const { approval } = cardItem();
    if (approval === null) throw new Error("the card of these tests is an approval");
    const given = { user: "controller@example.com", action: "rejected", at: 7, substitute_for: "boss@example.com" };
    const decisions = [
      { ...DECISION, action: "approved" },
      { ...DECISION, ...given },
    ];
    expect(endOf({ approval: { ...approval, decisions } })).toEqual({
      answered_by: "controller@example.com",
      answered_for: "boss@example.com",
      answered_on: 7,
      decision: "rejected",
    });
    expect(endOf({ approval })).toBeNull();
    expect(endOf({ approval: null })).toBeNull();
  });

  it("is one of two words, however an answer spells it, or neither", () => {
    expect(["approve", "approved", "reject", "rejected", "send", ""].map(decisionOf)).toEqual([
      "approved",
      "approved",
      "rejected",
      "rejected",
      null,
      null,
    ]);
  });

  it("that came second says who decided, what, when, and that the own click changed nothing", () => {
    const race = { answered_by: "manager@example.com", answered_on: 1, decision: "approved" };
    const text = raceText(english.race, race, () => "14:02", "buyer@example.com");
    expect(text).toBe("manager@example.com approved this at 14:02; your click changed nothing.");
    const other = { ...race, answered_for: "boss@example.com", decision: "send" };
    expect(raceText(english.race, race, () => "14:02", "Manager@example.com")).toBe(
      "You answered this already at 14:02 (approved); this click changed nothing.",
    );
    expect(raceText(english.race, other, () => "14:02", "buyer@example.com")).toBe(
      "manager@example.com (for boss@example.com) answered this at 14:02 (send); your click changed nothing.",
    );
  });
});

describe("days", () => {
  it("are read and written alike, and the end is the day after", () => {
    const day = fc.date({ min: new Date("2000-01-02"), max: new Date("2100-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(day, (date) => {
        const text = dayOf(date.getTime());
        const start = startOf(text);
        expect(start).not.toBeNull();
        expect(dayOf(start ?? 0)).toBe(text);
        expect(dayOf((startOf(text, 1) ?? 0) - 1)).toBe(text);
      }),
    );
    expect(startOf("2026-02-30")).toBeNull();
    expect(startOf("")).toBeNull();
  });
});

/** The fold of a log says of each visit what the server says of it. */

import { describe, expect, it } from "vitest";
import type { Schema } from "../../src/api/types";
import { addressOf, type LogEntry, visitOf } from "../../src/graph/log/entry";
import { fold } from "../../src/graph/log/fold";
import type { Visit, VisitState } from "../../src/graph/log/visits";
import recorded from "../recorded/logs.json";

type Status = Schema<"VisitRecord">["status"];

/** What the server calls each state; some states of the page are one status of the server. */
const STATUSES: Readonly<Record<VisitState, readonly Status[]>> = {
  running: ["RUNNING"],
  retry: ["RUNNING"],
  parked: ["WAITING"],
  waiting: ["WAITING", "RUNNING"],
  done: ["SUCCEEDED"],
  "timed-out": ["TIMED_OUT"],
  caught: ["FAILED", "UNKNOWN"],
  failed: ["FAILED", "UNKNOWN"],
  skipped: ["SKIPPED", "CANCELLED"],
  "given-up": ["CANCELLED"],
};

/** A step that had failed, and from which an operator moved on, needs no operator any more; for the server it failed. */
function statusesOf({ state, error }: Visit): readonly Status[] {
  return state === "skipped" && error !== null ? STATUSES.failed : STATUSES[state];
}

function keyOf(entry: LogEntry): string {
  const visited = visitOf(entry);
  return visited === null ? "" : addressOf(visited);
}

function grouped<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return found;
}

describe.each(recorded)("the log of $name", ({ entries, catching, visits }) => {
  it("folds to the visits of the server", () => {
    const folded = fold(entries as LogEntry[], (step) => (catching as string[]).includes(step));
    const key = ({ step, scope = "" }: { step: string; scope?: string }): string => `${step} ${scope}`;
    const byKey = grouped(folded.visits, key);
    for (const [name, expected] of grouped(visits as { step: string; scope?: string; status: Status }[], key)) {
      const found = byKey.get(name) ?? [];
      expect([name, found.length]).toEqual([name, expected.length]);
      for (const [at, visit] of found.entries()) {
        const status = expected[at]?.status ?? "RUNNING";
        expect([name, visit.state, statusesOf(visit).includes(status)]).toEqual([name, visit.state, true]);
      }
    }
  });

  it("numbers a retry by the attempt that failed", () => {
    const log = entries as LogEntry[];
    for (const [at, entry] of log.entries()) {
      if (entry.type !== "STEP_RETRY_SCHEDULED") continue;
      const before = log
        .slice(0, at)
        .findLast((other) => other.type === "STEP_FAILED" && keyOf(other) === keyOf(entry));
      expect(before).toMatchObject({ attempt: entry.attempt });
      const after = log.slice(at).find((other) => other.type === "STEP_STARTED" && keyOf(other) === keyOf(entry));
      if (after !== undefined) expect(after).toMatchObject({ attempt: entry.attempt + 1 });
    }
  });
});

describe("the cards of a visit that were not delivered", () => {
  const at = { timestamp: 1, state: "ask", visit: 1 };
  const asked = { ...at, seq: 1, type: "CARD_SENT", recipients: ["ann@example.com"], revision: 1 };
  const blocked = { ...at, seq: 2, type: "CARD_UNDELIVERED", card: "card-1", recipient: "ann@example.com" };
  const teams = { ...blocked, channel: "teams", reason: "BLOCKED", code: "MessageWritesBlocked" };
  const mail = { ...blocked, seq: 3, card: "card-2", channel: "email", reason: "FAILED" };

  function cardsOf(...entries: object[]): readonly unknown[] {
    const [visit] = fold([asked, ...entries] as LogEntry[], () => false).visits;
    return visit?.undelivered.map(({ card, code }) => [card, code]) ?? [];
  }

  it("have the code of the channel, and without one its kind of failure", () => {
    expect(cardsOf()).toEqual([]);
    expect(cardsOf(teams, mail)).toEqual([
      ["card-1", "MessageWritesBlocked"],
      ["card-2", "FAILED"],
    ]);
    expect(cardsOf(teams, mail, { ...teams, seq: 4, code: "BotDisabled" })).toEqual([
      ["card-2", "FAILED"],
      ["card-1", "BotDisabled"],
    ]);
  });

  it("are no longer among them once they are delivered or closed", () => {
    const delivered = { ...at, seq: 4, type: "CARD_DELIVERED", card: "card-1", recipient: "ann@example.com" };
    expect(cardsOf(teams, mail, { ...delivered, channel: "teams" })).toEqual([["card-2", "FAILED"]]);
    const closed = { ...at, seq: 4, type: "CARD_CLOSED", reason: "PASSED_ON" };
    expect(cardsOf(teams, mail, { ...closed, cards: ["card-1"] })).toEqual([["card-2", "FAILED"]]);
    expect(cardsOf(teams, mail, closed)).toEqual([]);
  });
});

/** The fold of a log says of each visit what the server says of it. */

import { describe, expect, it } from "vitest";
import type { Schema } from "../../src/api/types";
import type { LogEntry } from "../../src/executions/log/entry";
import { fold } from "../../src/executions/log/fold";
import type { VisitState } from "../../src/executions/log/visits";
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
  // A step that had failed, and from which an operator moved on, needs no operator any more.
  skipped: ["SKIPPED", "CANCELLED", "FAILED"],
  "given-up": ["CANCELLED"],
};

function grouped<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return found;
}

describe.each(recorded)("the log of $name", ({ entries, catching, visits }) => {
  it("folds to the visits of the server", () => {
    const folded = fold(entries as LogEntry[], (step) => (catching as string[]).includes(step));
    const found = folded.visits.map(({ step, scope, state }) => ({ step, scope, state }));
    const key = ({ step, scope = "" }: { step: string; scope?: string }): string => `${step} ${scope}`;
    const byKey = grouped(found, key);
    for (const [name, expected] of grouped(visits as { step: string; scope?: string; status: Status }[], key)) {
      const states = (byKey.get(name) ?? []).map(({ state }) => state);
      expect([name, states.length]).toEqual([name, expected.length]);
      for (const [at, state] of states.entries()) {
        expect([name, state, STATUSES[state].includes(expected[at]?.status ?? "RUNNING")]).toEqual([name, state, true]);
      }
    }
  });
});

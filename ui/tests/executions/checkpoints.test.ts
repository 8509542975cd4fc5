/** The moments of a log by their checkpoints are those of a fold from its start. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Checkpoints } from "../../src/executions/log/checkpoints";
import type { LogEntry } from "../../src/graph/log/entry";
import { fold } from "../../src/graph/log/fold";
import recorded from "../recorded/logs.json";

const EVERY = 4;
const MOST = 3;

/** Few steps, visits and scopes, so that entries meet each other; not each sequence is one that a server writes. */
const entry = fc
  .record({
    type: fc.constantFrom(
      "STEP_STARTED",
      "STEP_SUCCEEDED",
      "STEP_FAILED",
      "STEP_RETRY_SCHEDULED",
      "STEP_PARKED",
      "STEP_SKIPPED",
      "WAIT_OPENED",
      "WAIT_RESUMED",
      "CARD_SENT",
      "INCIDENT_OPENED",
      "INCIDENT_CLOSED",
      "EXECUTION_REOPENED",
      "EXECUTION_FAILED",
      "EXECUTION_MOVED",
      "EXECUTION_COMPLETED",
    ),
    state: fc.constantFrom("each", "post", "ask"),
    visit: fc.integer({ min: 1, max: 2 }),
    scope: fc.constantFrom("", "each[0]", "each[1]", "each[1]/both[left]"),
    attempt: fc.integer({ min: 1, max: 2 }),
    again: fc.constantFrom("attempt", "visit"),
    to: fc.constantFrom("post", undefined),
    steps: fc.constantFrom({ post: "ask", ask: "post" }, undefined, undefined, undefined),
    code: fc.constant("HTTP_500"),
    recipients: fc.constant(["ada@example.com"]),
    target: fc.constant("SAP"),
    reason: fc.constant("down"),
    due_on: fc.constant(9),
  })
  .map((each) => ({ ...each, by: null, via: null }));

const logs = fc.array(entry, { minLength: 1, maxLength: 60 }).map((all) => numbered(all));

function numbered(all: readonly object[]): LogEntry[] {
  return all.map((each, at) => ({ ...each, seq: at + 1, timestamp: 1000 * at }) as LogEntry);
}

function catches(step: string): boolean {
  return step === "post";
}

/** Returns all of a value as a text. */
function printed(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (each instanceof Map || each instanceof Set ? [...each] : each));
}

describe("the moments of a log by checkpoints", () => {
  it("are those of a fold from the start, in whatever order they are asked for", () => {
    const moments = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(logs, moments, (entries, counts) => {
        const checkpoints = new Checkpoints(catches, EVERY, MOST);
        for (const count of counts) {
          expect(checkpoints.at(entries, count)).toEqual(fold(entries.slice(0, count), catches));
        }
      }),
    );
  });

  it("are those of a log that has grown, and of another log", () => {
    fc.assert(
      fc.property(logs, logs, (entries, others) => {
        const checkpoints = new Checkpoints(catches, EVERY, MOST);
        const begun = entries.slice(0, Math.ceil(entries.length / 2));
        for (const log of [begun, [...entries], others]) {
          expect(checkpoints.at(log, log.length)).toEqual(fold(log, catches));
          expect(checkpoints.at(log, 1)).toEqual(fold(log.slice(0, 1), catches));
        }
      }),
    );
  });

  it.each(recorded)("are those of a fold for the log of $name", ({ entries, catching }) => {
    const log = entries as LogEntry[];
    const isCaught = (step: string): boolean => (catching as string[]).includes(step);
    const checkpoints = new Checkpoints(isCaught, EVERY, MOST);
    checkpoints.at(log, log.length);
    for (let count = log.length; count >= 0; count -= 1) {
      expect(checkpoints.at(log, count)).toEqual(fold(log.slice(0, count), isCaught));
    }
  });

  it("do not change when later ones are asked for", () => {
    fc.assert(
      fc.property(logs, (entries) => {
        const checkpoints = new Checkpoints(catches, EVERY, MOST);
        const middle = Math.ceil(entries.length / 2);
        const found = checkpoints.at(entries, middle);
        const before = printed(found);
        checkpoints.at(entries, entries.length);
        expect(printed(found)).toBe(before);
      }),
    );
  });

  it("have no exit that a visit has not taken after all", () => {
    const about = { state: "post", visit: 1, by: null, via: null };
    const entries = numbered([
      { ...about, type: "STEP_SUCCEEDED" },
      { ...about, type: "INCIDENT_OPENED", incident_id: "1", kind: "FAILED" },
    ]);
    const checkpoints = new Checkpoints(catches);
    expect([...checkpoints.at(entries, 1).travelled]).toEqual(["post next"]);
    expect([...checkpoints.at(entries, 2).travelled]).toEqual([]);
  });

  it("take few entries again for a moment in a long log", () => {
    const length = 20_000;
    let read = 0;
    const entries = numbered(Array.from({ length }, () => ({ type: "STEP_STARTED", state: "post", visit: 1 })));
    const counted = new Proxy(entries, {
      get: (target, name) => {
        if (typeof name === "string" && /^\d+$/.test(name)) read += 1;
        return Reflect.get(target, name);
      },
    });
    const checkpoints = new Checkpoints(catches);
    checkpoints.at(counted, length);
    read = 0;
    checkpoints.at(counted, length / 2 - 1);
    expect(read).toBeLessThan(1_000);
  });
});

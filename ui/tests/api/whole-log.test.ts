/** The whole log of an execution, from pages that are read at the same time. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAfter } from "../../src/api/queries/executions/whole-log";

type Page = Awaited<ReturnType<Parameters<typeof readAfter>[1]>>;

/** Events with the numbers of which `shown` has an entry, on pages of some events; each page says how long it is. */
function serverOf(last: number, shown: ReadonlySet<number>, lengthOf: (after: number) => number) {
  const asked: number[] = [];
  let atOnce = 0;
  let most = 0;
  const read = async (after: number): Promise<Page> => {
    asked.push(after);
    atOnce += 1;
    most = Math.max(most, atOnce);
    await Promise.resolve();
    atOnce -= 1;
    const end = Math.min(last, after + lengthOf(after));
    const events: Page["workflow_event_log"]["events"] = [];
    for (let seq = after + 1; seq <= end; seq += 1) {
      if (shown.has(seq)) events.push({ seq } as (typeof events)[number]);
    }
    return { last_seq: last, workflow_event_log: end < last ? { events, truncated: true, after: end } : { events } };
  };
  return { read, asked, most: () => most };
}

describe("the whole log", () => {
  it("has every entry once and in order, whatever the pages hold", async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 80 }));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 80 }),
        numbers,
        lengths,
        fc.nat(80),
        async (last, shown, all, from) => {
          const after = Math.min(from, last);
          const { read } = serverOf(last, new Set(shown), (at) => all[at % all.length] ?? 1);
          const found = await readAfter(after, read);
          const expected = shown.filter((seq) => seq > after && seq <= last).toSorted((a, b) => a - b);
          expect(found.entries.map(({ seq }) => seq)).toEqual(expected);
          expect(found.last).toBe(last);
        },
      ),
    );
  });

  it("is read by few pages at once, each of them once", async () => {
    const shown = new Set(Array.from({ length: 95 }, (_, at) => at + 1));
    const { read, asked, most } = serverOf(95, shown, () => 10);
    await readAfter(0, read);
    expect(asked.toSorted((a, b) => a - b)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(most()).toBe(3);
  });

  it("ends where a page has no progress", async () => {
    const page = { last_seq: 9, workflow_event_log: { events: [], truncated: true, after: 0 } };
    expect((await readAfter(0, async () => page)).entries).toEqual([]);
  });

  it("is refused as a page of it is", async () => {
    const { read } = serverOf(95, new Set(), () => 10);
    const refused = async (after: number): Promise<Page> => {
      if (after === 50) throw new Error("refused");
      return read(after);
    };
    await expect(readAfter(0, refused)).rejects.toThrow("refused");
  });
});

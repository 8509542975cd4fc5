/** What the stream changes in the rows of the history. */

import { describe, expect, it } from "vitest";
import { byExecution, countNewer, NO_NEWS, rowsNow, withHead } from "../../src/executions/history/rows";
import { executionRow } from "../fakes/executions";

const HEADS = 100_000;

describe("live rows", () => {
  const shown = [executionRow(), executionRow({ workflow_execution_id: "execution-0", created_on: 1 })];
  const known = byExecution(shown);

  it("change in place and keep their search fields", () => {
    const fields = [executionRow({ search_fields: { po: "4711" } })];
    const live = withHead(NO_NEWS, executionRow({ status: "COMPLETED", seq: 8 }), byExecution(fields));
    expect(rowsNow(fields, live)[0]).toMatchObject({ status: "COMPLETED", search_fields: { po: "4711" } });
    expect(live.newer.size).toBe(0);
  });

  it("are counted when they are newer, once, and never moved in", () => {
    const head = executionRow({ workflow_execution_id: "execution-2", created_on: executionRow().created_on + 1 });
    const live = withHead(withHead(NO_NEWS, head, known), head, known);
    expect(live.newer.size).toBe(1);
    expect(rowsNow(shown, live)).toBe(shown);
  });

  it("are not counted any more once a page that is read again has brought them", () => {
    const head = executionRow({ workflow_execution_id: "execution-2", created_on: executionRow().created_on + 1 });
    const live = withHead(NO_NEWS, head, known);
    expect(countNewer(live, known)).toBe(1);
    expect(countNewer(live, byExecution([head, ...shown]))).toBe(0);
  });

  it("are not replaced by a head that is older than the row", () => {
    const live = withHead(NO_NEWS, executionRow({ status: "RUNNING", seq: 3 }), known);
    expect(rowsNow(shown, live)[0]?.status).toBe("FAILED");
  });

  it("ignore older executions that are not on the screen", () => {
    expect(withHead(NO_NEWS, executionRow({ workflow_execution_id: "x", created_on: 5 }), known)).toBe(NO_NEWS);
  });

  it("stay few over 100,000 heads, of rows that the reader passes and of ones that are newer", () => {
    const page = 50;
    let live = NO_NEWS;
    let rows = byExecution([]);
    for (let at = 0; at < HEADS; at += 1) {
      const isOther = at % (2 * page) === 0;
      if (isOther) rows = byExecution(Array.from({ length: page }, (_, row) => rowOf(`${at} ${row}`)));
      const head = at % 2 === 0 ? rowOf(`${at - (at % (2 * page))} ${(at / 2) % page}`) : rowOf(`newer ${at}`);
      live = withHead(live, head, rows);
    }
    expect(live.changed.size).toBeLessThanOrEqual(2 * page);
    expect(live.changed.size).toBeGreaterThanOrEqual(page);
    expect(live.newer.size).toBe(2_000);
  });
});

function rowOf(id: string) {
  return executionRow({ workflow_execution_id: id });
}

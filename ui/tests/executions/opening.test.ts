/** What is read of an execution while the code of its page is on its way: its log by pages, and no more than one may. */

import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it, vi } from "vitest";
import { logQuery } from "../../src/api/queries/executions/whole-log";
import type { InputOf, Permission } from "../../src/api/types";
import { beginToRead } from "../../src/executions/execution/opening";
import { fakeApi, type Handlers, refusal } from "../fakes/api";
import { ENTRIES, executionRow, explanation, ITEM } from "../fakes/executions";
import { sessionOf } from "../fakes/people";

type LogInput = InputOf<"getExecutionLog">;

const LAST = 20;
const LOG = Array.from({ length: LAST }, (_, at) => ({ ...(ENTRIES[1] as (typeof ENTRIES)[number]), seq: at + 1 }));
const ALL = LOG.map(({ seq }) => seq);

/** A server with a log of twenty entries, on pages of as many events as is said for where they begin. */
function opening(lengthOf: (after: number) => number, more: Handlers = {}) {
  const getExecutionLog = ({ after = 0 }: LogInput) => {
    const end = Math.min(LAST, after + lengthOf(after));
    const events = LOG.filter(({ seq }) => seq > after && seq <= end);
    return {
      message: "success",
      workflow_execution_id: "execution-1",
      status: "COMPLETED" as const,
      last_seq: LAST,
      workflow_event_log: end < LAST ? { events, truncated: true, after: end } : { events },
    };
  };
  const api = fakeApi(
    {
      getSession: () => sessionOf(),
      explainExecution: () => ({ message: "success", item: explanation() }),
      getWorkflowExecutionById: () => ({ message: "success", item: ITEM }),
      getExecutionLog,
    },
    more,
  );
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const query = logQuery(api, "execution-1");
  return {
    api,
    begin: () => beginToRead(api, queries, "execution-1"),
    getExecutionLog,
    /** Where the pages begin that were read, in order. */
    begins: () =>
      api.calls
        .filter(([id]) => id === "getExecutionLog")
        .map(([, input]) => (input as LogInput).after ?? 0)
        .toSorted((a, b) => a - b),
    /** The state of the log when nothing of it is being read. */
    log: async () => {
      await vi.waitFor(() => expect(queries.isFetching()).toBe(0));
      return queries.getQueryState(query.queryKey);
    },
    /** The log as the page of the execution reads it. */
    read: async () => (await queries.fetchQuery(query)).entries.map(({ seq }) => seq),
  };
}

describe("an execution that is opened", () => {
  it("has its whole log of several pages, each of them read once", async () => {
    const { begin, begins, log } = opening(() => 6);
    await begin();
    const { data, status } = (await log()) ?? {};
    expect([status, data?.last]).toEqual(["success", LAST]);
    expect(data?.entries.map(({ seq }) => seq)).toEqual(ALL);
    expect(begins()).toEqual([0, 6, 12, 18]);
  });

  it("has each entry once where large values cut a page short", async () => {
    const { begin, begins, log } = opening((after) => (after === 6 ? 2 : 6));
    await begin();
    expect((await log())?.data?.entries.map(({ seq }) => seq)).toEqual(ALL);
    // What the second page lacks is read by itself.
    expect(begins()).toContain(8);
  });

  it("has no part of a log of which a page is refused; the page reads it again", async () => {
    const { api, begin, getExecutionLog, log, read } = opening(() => 6);
    api.handle({
      getExecutionLog: (input) => {
        if (input.after === 12) throw refusal(429, "TOO_MANY_REQUESTS");
        return getExecutionLog(input);
      },
    });
    await begin();
    const state = await log();
    expect([state?.status, state?.data]).toEqual(["error", undefined]);
    api.handle({ getExecutionLog });
    expect(await read()).toEqual(ALL);
  });

  it("is read with its definition, as it was when it was explained", async () => {
    const { api, begin, log } = opening(() => LAST);
    await begin();
    await log();
    const { workflow_id, workflow_execution_id, seq } = executionRow();
    expect(api.calls.find(([id]) => id === "getWorkflowExecutionById")?.[1]).toEqual({
      workflow_id,
      workflow_execution_id,
      after: seq,
    });
  });

  it.each<[string, Permission[], string[]]>([
    ["may read no executions", ["own", "read.definitions"], ["getSession"]],
    ["may read no data", ["own", "read.executions"], ["getSession", "explainExecution"]],
  ])("is not asked for what is refused to a person who %s", async (_, permissions, expected) => {
    const { api, begin, log } = opening(() => 6, { getSession: () => sessionOf({ permissions }) });
    await begin();
    await log();
    expect(api.calls.map(([id]) => id)).toEqual(expected);
  });
});

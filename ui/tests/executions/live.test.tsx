/** Pages beside a stream that is fast, lags, breaks or is refused. */

import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ExecutionRow } from "../../src/api/queries/executions/executions";
import { calm } from "../../src/api/stream/calm";
import type { StreamNews } from "../../src/api/stream/heads";
import type { FakeApi } from "../fakes/api";
import { visitLive } from "../fakes/app";
import { ENTRIES, executionRow, explanation, withExecution } from "../fakes/executions";
import { NOW, signedIn } from "../fakes/people";
import { fakeStream } from "../fakes/stream";

afterEach(() => {
  vi.useRealTimers();
});

const LOST: StreamNews = { kind: "lost" };
const workflows = { getOrganizationWorkflows: () => ({ message: "success", count: 0, items: [] }) };
const oneRow = {
  ...workflows,
  getExecutionRows: () => ({ message: "success", count: 1, items: [executionRow()] }),
};

function head(id: string, changes: Partial<ExecutionRow> = {}): StreamNews {
  return {
    kind: "head",
    head: executionRow({ workflow_execution_id: id, process_id: id, created_on: NOW, ...changes }),
  };
}

/** Why an execution that moves is not at its end. */
function moving(execution: ExecutionRow) {
  return explanation({ execution, verdict: "MOVES", code: "STRETCH" });
}

/** The execution after so many events, the last of which is its end. */
function afterEvent(seq: number): ExecutionRow {
  return executionRow({ seq, incident: null, status: seq < ENTRIES.length ? "RUNNING" : "COMPLETED" });
}

function countOf(api: FakeApi, id: string): number {
  return api.calls.filter(([name]) => name === id).length;
}

describe("the history beside a stream", () => {
  it("counts and changes every execution of news that arrive together", async () => {
    const stream = fakeStream();
    visitLive("/executions", stream, signedIn(), oneRow);
    await screen.findByRole("link", { name: "PO-4711" });
    stream.send(
      head("execution-2"),
      head("execution-3"),
      head("execution-1", { status: "COMPLETED", incident: null, seq: 9, process_id: "PO-4711" }),
    );
    await screen.findByRole("button", { name: "2 newer, show" });
    await screen.findByText("Completed", { selector: "td *" });
  });

  it("reads again at once when news were missed, and not for each time that the server says so", async () => {
    const stream = fakeStream();
    const { api } = visitLive("/executions", stream, signedIn(), oneRow);
    await screen.findByRole("link", { name: "PO-4711" });
    stream.send(LOST, LOST);
    await waitFor(() => expect(countOf(api, "getExecutionRows")).toBe(2));
    stream.send(LOST);
    stream.send(LOST);
    expect(countOf(api, "getExecutionRows")).toBe(2);
    await screen.findByRole("link", { name: "PO-4711" });
  });

  it("reads again from time to time while there is no stream, and no more once there is one", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const stream = fakeStream();
    const { api } = visitLive("/executions", stream, signedIn(), oneRow);
    await screen.findByRole("link", { name: "PO-4711" });
    stream.send({ kind: "state", state: "off" });
    await act(() => vi.advanceTimersByTimeAsync(11_000));
    expect(countOf(api, "getExecutionRows")).toBe(2);
    stream.send({ kind: "state", state: "live" });
    await act(() => vi.advanceTimersByTimeAsync(60_000));
    expect(countOf(api, "getExecutionRows")).toBe(2);
  });
});

describe("the page of an execution beside a stream", () => {
  it("is read again for its own news, and not for that of others", async () => {
    const stream = fakeStream();
    const { api } = visitLive("/executions/execution-1", stream, signedIn(), withExecution());
    await screen.findByRole("region", { name: "What now?" });
    const before = countOf(api, "explainExecution");
    stream.send(head("execution-2"));
    expect(countOf(api, "explainExecution")).toBe(before);
    stream.send(head("execution-1"));
    await waitFor(() => expect(countOf(api, "explainExecution")).toBe(before + 1));
    stream.send(LOST, LOST, LOST);
    await waitFor(() => expect(countOf(api, "explainExecution")).toBe(before + 2));
  });

  it.each([["news of it", head("execution-1")] as const, ["missed news", LOST] as const])(
    "shows no state from before %s that came while it was read",
    async (_, news) => {
      const stream = fakeStream();
      const handlers = withExecution();
      const answers: (() => void)[] = [];
      const { api } = visitLive("/executions/execution-1", stream, signedIn(), {
        ...handlers,
        explainExecution: async () => {
          const isFirst = answers.length === 0;
          await new Promise<void>((resolve) => answers.push(resolve));
          const execution = executionRow(isFirst ? { status: "RUNNING", incident: null } : {});
          return { message: "success", item: isFirst ? moving(execution) : explanation({ execution }) };
        },
      });
      await waitFor(() => expect(answers).toHaveLength(1));
      stream.send(news);
      await act(async () => answers[0]?.());
      await waitFor(() => expect(answers).toHaveLength(2));
      await act(async () => answers[1]?.());
      await screen.findByRole("region", { name: "What now?" });
      expect(countOf(api, "explainExecution")).toBe(2);
    },
  );

  it("reads its log on where the read under way had begun before the newest event", async () => {
    const stream = fakeStream();
    const reads: number[] = [];
    let seq = 3;
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    visitLive("/executions/execution-1", stream, signedIn(), {
      ...withExecution(),
      explainExecution: () => ({ message: "success", item: moving(afterEvent(seq)) }),
      getExecutionLog: async ({ after = 0, workflow_execution_id }) => {
        reads.push(after);
        const last_seq = reads.length < 3 ? 3 : 7;
        if (reads.length === 2) await held;
        const events = ENTRIES.filter((each) => each.seq > after && each.seq <= last_seq);
        const log = { last_seq, workflow_event_log: { events } };
        return { message: "success", workflow_execution_id, status: "RUNNING", ...log };
      },
    });
    await screen.findByText("3 of 3", { selector: "output, output *" });
    seq = 7;
    stream.send(head("execution-1"));
    await waitFor(() => expect(reads).toEqual([0, 3]));
    await screen.findByText("Completed", { selector: "header *" });
    await act(async () => answer());
    await screen.findByText("7 of 7", { selector: "output, output *" });
    expect(reads).toEqual([0, 3, 3]);
  });
});

describe("a history that is read while news are missed", () => {
  it("is read once more", async () => {
    const stream = fakeStream();
    const answers: (() => void)[] = [];
    const { api } = visitLive("/executions", stream, signedIn(), {
      ...workflows,
      getExecutionRows: async () => {
        await new Promise<void>((resolve) => answers.push(resolve));
        return { message: "success", count: 1, items: [executionRow({ process_id: `PO-${answers.length}` })] };
      },
    });
    await waitFor(() => expect(answers).toHaveLength(1));
    stream.send(LOST);
    await act(async () => answers[0]?.());
    await waitFor(() => expect(answers).toHaveLength(2));
    await act(async () => answers[1]?.());
    await screen.findByRole("link", { name: "PO-2" });
    expect(countOf(api, "getExecutionRows")).toBe(2);
  });
});

describe("what is asked for often", () => {
  it("runs at once, once more after the pause, and never after the end", () => {
    let isOver = (): void => undefined;
    const run = vi.fn();
    const { ask, stop } = calm(run, (work) => {
      isOver = work;
      return () => {
        isOver = () => undefined;
      };
    });
    for (let times = 0; times < 5; times += 1) ask();
    expect(run).toHaveBeenCalledTimes(1);
    isOver();
    expect(run).toHaveBeenCalledTimes(2);
    isOver();
    expect(run).toHaveBeenCalledTimes(2);
    ask();
    ask();
    stop();
    isOver();
    expect(run).toHaveBeenCalledTimes(3);
  });
});

describe("a long history", () => {
  const PAGES = 12;

  it("keeps ten pages in memory, and reads an earlier one again by its place", async () => {
    const { api, container } = visitLive("/executions", fakeStream(), signedIn(), workflows, {
      getExecutionRows: ({ workflow_execution_id: after = "0" }) => ({
        message: "success",
        count: 100,
        items: Array.from({ length: 100 }, (_, at) => rowAt(Number(after) + at)),
        lastKey: { workflow_execution_id: String(Number(after) + 100) },
      }),
    });
    await screen.findByRole("link", { name: "PO-0" });
    const box = container.querySelector("table")?.parentElement as HTMLElement;
    for (let pages = 2; pages <= PAGES; pages += 1) {
      box.scrollTop = (pages - 1) * 100 * 36;
      fireEvent.scroll(box);
      await waitFor(() => expect(countOf(api, "getExecutionRows")).toBeGreaterThanOrEqual(pages));
    }
    await screen.findByText(/^1,[23]00 loaded/);
    const before = countOf(api, "getExecutionRows");
    box.scrollTop = 0;
    fireEvent.scroll(box);
    // The first page left the memory, and has no cursor.
    await screen.findByRole("link", { name: "PO-0" });
    const again = api.calls.filter(([name]) => name === "getExecutionRows").slice(before);
    expect(again.some(([, input]) => !("workflow_execution_id" in (input as object)))).toBe(true);
    expect(container.querySelectorAll("tbody tr").length).toBeLessThan(80);
  });
});

function rowAt(at: number): ExecutionRow {
  return executionRow({ workflow_execution_id: `execution-${at}`, process_id: `PO-${at}`, created_on: NOW - at });
}

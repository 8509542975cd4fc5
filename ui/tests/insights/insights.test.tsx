import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Statistics } from "../../src/api/queries/insights/statistics";
import { refusal } from "../fakes/api";
import { expectAccessible, visit } from "../fakes/app";
import { COUNTS, withOperations } from "../fakes/operations";
import { signedIn } from "../fakes/people";
import { changeScreen } from "../fakes/screen";

const TODAY = Date.UTC(2026, 10, 28);

function statistics(scale: number): Statistics {
  const duration = { n: scale, p50: 174 * 60_000, p95: 26 * 3_600_000 };
  return {
    message: "success",
    bucket: "day",
    as_of: TODAY,
    open: { RUNNING: 3, WAITING: 41, FAILED: 215 },
    buckets: [{ on: TODAY, started: scale, completed: scale - 2, failed: 2, terminated: 0, duration }],
    workflows: [
      {
        workflow_id: "workflow-1",
        workflow_name: "Purchase orders",
        started: scale,
        completed: scale - 2,
        failed: 2,
        terminated: 0,
        duration,
      },
    ],
    steps: [{ workflow_id: "workflow-1", state: "release", n: scale, failed: 9, retried: 7, timed_out: 0, duration }],
    approvals: [{ workflow_id: "workflow-1", state: "approval_1", n: 40, timed_out: 1, escalated: 2, duration }],
    connections: [
      { connection: "S4", workflow_ids: ["workflow-1"], calls: 2 * scale, failed: 9, retried: 7, duration },
      { connection: "SHOP", workflow_ids: ["workflow-1"], calls: 0, failed: 0, retried: 0, duration },
    ],
  };
}

function day(on: number, started: number) {
  return { on, started, completed: 0, failed: 0, terminated: 0 };
}

/** The span before has half as much. */
function withStatistics() {
  return {
    ...withOperations(),
    getStatistics: ({ to }: { to: number }) => statistics(to > TODAY ? 1200 : 600),
  };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("insights", () => {
  it("show what happened, compared with the time before", async () => {
    visit("/insights", signedIn(), withStatistics());
    const figures = await screen.findByRole("list", { name: "Figures" });
    await within(figures).findByText("+100%");
    expect(within(figures).getByText("600 before")).toBeTruthy();
    expect(within(figures).getByText("1 of 40")).toBeTruthy();
    const escalated = within(figures).getByText("Approvals escalated").parentElement;
    expect(escalated?.textContent).toBe("Approvals escalated5%+02 of 40");
    const chart = screen.getByRole("group", { name: "Executions a day" });
    expect(within(chart).getAllByRole("link", { hidden: true })).toHaveLength(7);
    await expectAccessible();
  });

  it("lead from a mark to the executions behind it, by keys too", async () => {
    const { user } = visit("/insights", signedIn(), withStatistics());
    const chart = await screen.findByRole("group", { name: "Executions a day" });
    const last = within(chart).getByRole("link", { name: "28 Nov 2026: Completed 1,198, Terminated 0, Failed 2" });
    expect(last.getAttribute("href")).toContain("/executions?from=");
    expect(last.getAttribute("tabindex")).toBe("0");
    last.focus();
    await user.keyboard("{ArrowLeft}");
    expect(document.activeElement?.getAttribute("aria-label")).toMatch(/^27 Nov 2026/);
    await user.keyboard("{Home}");
    expect(document.activeElement?.getAttribute("aria-label")).toMatch(/^22 Nov 2026/);
  });

  it("show each chart as a table", async () => {
    visit("/insights", signedIn(), withStatistics());
    await screen.findByRole("link", { name: "Exchange rates" });
    for (const button of screen.getAllByRole("button", { name: "Show as table" })) fireEvent.click(button);
    expect(screen.queryByRole("group", { name: "Executions a day" })).toBeNull();
    const table = screen.getByRole("table", { name: "Executions a day" });
    expect(within(table).getByRole("row", { name: "28 Nov 2026 1,200 1,198 0 2" })).toBeTruthy();
    expect(screen.getByRole("table", { name: "Time until a decision" }).textContent).toContain("2 h 54 min");
    expect(screen.getAllByRole("table")).toHaveLength(9);
    await expectAccessible();
  });

  it("say how systems answered, with a link to the executions that call them", async () => {
    visit("/insights", signedIn(), withStatistics());
    const systems = await screen.findByRole("list", { name: "Systems that are called" });
    const [bar, ...others] = within(systems).getAllByRole("listitem");
    expect(others).toEqual([]);
    expect(bar?.textContent).toBe("S42,400, 9 failed, 1 d 2 h");
    expect(within(systems).getByRole("link", { name: "S4" }).getAttribute("href")).toContain("workflow-1");
  });

  it("count back how many executions were open", async () => {
    visit("/insights", signedIn(), withStatistics(), {
      getStatistics: () => ({
        ...statistics(50),
        buckets: [
          { ...day(TODAY - 2 * 86_400_000, 300), duration: { n: 10, p50: null, p95: null } },
          { ...day(TODAY, 50), duration: { n: 40, p50: null, p95: null } },
        ],
      }),
    });
    const chart = await screen.findByRole("group", { name: "Open executions" });
    const names = within(chart)
      .getAllByRole("img", { hidden: true })
      .map((mark) => mark.getAttribute("aria-label"));
    expect(within(chart).queryByRole("link")).toBeNull();
    expect(names).toEqual([
      "22 Nov 2026: Open 0",
      "23 Nov 2026: Open 0",
      "24 Nov 2026: Open 0",
      "25 Nov 2026: Open 0",
      "26 Nov 2026: Open 249",
      "27 Nov 2026: Open 249",
      "28 Nov 2026: Open 259",
    ]);
  });

  it("know how many were open only where the time lasts until now", async () => {
    visit("/insights?from=2026-10-01&to=2026-10-09", signedIn(), withStatistics());
    await screen.findByText("Known for a time that lasts until now.");
    expect(screen.queryByRole("group", { name: "Open executions" })).toBeNull();
  });

  it("count open executions by the same answer, not by another read that is newer", async () => {
    visit("/insights", signedIn(), withStatistics(), {
      getStatistics: () => ({ ...statistics(50), open: { RUNNING: 0, WAITING: 1, FAILED: 0 }, buckets: [] }),
      getCounts: () => ({ message: "success", item: { ...COUNTS, open: { RUNNING: 0, WAITING: 2, FAILED: 0 } } }),
    });
    const chart = await screen.findByRole("group", { name: "Open executions" });
    expect(within(chart).getByRole("img", { name: "28 Nov 2026: Open 1", hidden: true })).toBeTruthy();
  });

  it("show soon what began just before they were opened", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    let isFolded = false;
    const nothing = { ...statistics(1), buckets: [], workflows: [], steps: [], approvals: [], connections: [] };
    visit("/insights", signedIn(), withStatistics(), {
      getStatistics: () => (isFolded ? statistics(1) : nothing),
    });
    await screen.findAllByText("Nothing happened in this time.");
    isFolded = true;
    await act(() => vi.advanceTimersByTimeAsync(15_000));
    await screen.findByRole("group", { name: "Executions a day" });
  });

  it("keep what is chosen in the address", async () => {
    const { api, user, address } = visit("/insights", signedIn(), withStatistics());
    await screen.findByRole("list", { name: "Figures" });
    await user.click(screen.getByRole("button", { name: "24 h" }));
    await waitFor(() => expect(address()).toBe("/insights?range=24h"));
    await user.click(screen.getByRole("checkbox", { name: "Compare with the time before" }));
    await waitFor(() => expect(address()).toContain("alone=true"));
    const asked = api.calls.filter(([id]) => id === "getStatistics").map(([, input]) => input);
    expect(asked).toContainEqual(expect.objectContaining({ bucket: "hour", to: Date.UTC(2026, 10, 28, 15) }));
  });

  it("of nothing say so", async () => {
    const nothing: Statistics = {
      ...statistics(2),
      buckets: [],
      workflows: [],
      steps: [],
      approvals: [],
      connections: [],
    };
    visit("/insights", signedIn(), withStatistics(), { getStatistics: () => nothing });
    expect((await screen.findAllByText("Nothing happened in this time.")).length).toBeGreaterThan(2);
    await screen.findByText("No call was repeated.");
    await screen.findByText("No connection was called.");
  });

  it("that fail say why, and offer to try again", async () => {
    visit("/insights", signedIn(), withStatistics(), {
      getStatistics: () => {
        throw refusal(503, "STORE_LOST");
      },
    });
    await screen.findByText("The server cannot answer at the moment");
  });

  it("fit a phone", async () => {
    changeScreen({ isPhone: true });
    visit("/insights", signedIn(), withStatistics());
    await screen.findByRole("list", { name: "Figures" });
    await expectAccessible();
  });
});

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { schedulesSearch } from "../../src/operations/schedules/address";
import {
  cellsOf,
  dayAfter,
  dayOf,
  hoursOf,
  keyOf,
  linesOf,
  nextCell,
  weekOf,
} from "../../src/operations/schedules/week";
import { expectAccessible, visit } from "../fakes/app";
import { withExecution } from "../fakes/executions";
import { CALENDAR_SCHEDULE, calendarItem, withOperations } from "../fakes/operations";
import { NOW, sessionOf, signedIn } from "../fakes/people";
import { changeScreen } from "../fakes/screen";

const HOUR = 3_600_000;
const MONDAY = Date.UTC(2026, 10, 23);
const WEEK = weekOf("2026-11-28", true);

describe("a week", () => {
  it("begins on Monday, whatever its day", () => {
    for (const day of ["2026-11-23", "2026-11-28", "2026-11-29"]) {
      expect(weekOf(day, true).map(({ name }) => name)).toEqual([
        "2026-11-23",
        "2026-11-24",
        "2026-11-25",
        "2026-11-26",
        "2026-11-27",
        "2026-11-28",
        "2026-11-29",
      ]);
    }
  });

  it("has no gaps, in the time of the browser either", () => {
    for (const isUtc of [true, false]) {
      const days = weekOf("2026-10-25", isUtc);
      expect(days.slice(1).map(({ from }) => from)).toEqual(days.slice(0, -1).map(({ to }) => to));
      expect(days.map(({ from }) => dayOf(from, isUtc))).toEqual(days.map(({ name }) => name));
    }
  });

  it("follows another over the end of a year", () => {
    expect(dayAfter("2026-12-28", 7)).toBe("2027-01-04");
    expect(dayAfter("2027-01-04", -7)).toBe("2026-12-28");
  });
});

describe("the hours of a week", () => {
  const items = [
    calendarItem({ on: MONDAY + 8 * HOUR, outcome: "STARTED" }),
    calendarItem({ on: MONDAY + 8 * HOUR + 1, outcome: "STARTED" }),
    calendarItem({ on: MONDAY + 20 * HOUR }),
    calendarItem({ on: MONDAY + 33 * HOUR, mark: "SKIPPED" }),
    calendarItem({ on: MONDAY + 7 * 24 * HOUR }),
  ];
  const cells = cellsOf(items, WEEK, true);

  it("hold what lies in them, alike ones counted; other weeks are left out", () => {
    expect([...cells.keys()]).toEqual([keyOf(0, 8), keyOf(0, 20), keyOf(1, 9)]);
    expect(cells.get(keyOf(0, 8))?.marks).toEqual([
      { workflowId: "workflow-2", outcome: "STARTED", isMarked: false, doesFire: true, count: 2 },
    ]);
    expect(cells.get(keyOf(1, 9))?.marks[0]).toMatchObject({ isMarked: true, doesFire: false });
  });

  it("are those of a working day, and more where something lies outside", () => {
    expect(hoursOf(new Map())).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    expect(hoursOf(cells).at(-1)).toBe(20);
  });

  it("are walked by arrow keys over empty ones", () => {
    const first = cells.get(keyOf(0, 8));
    if (first === undefined) throw new Error("the first hour is empty");
    expect(nextCell(cells, first, "ArrowDown")?.hour).toBe(20);
    expect(nextCell(cells, first, "ArrowRight")).toMatchObject({ day: 1, hour: 9 });
    expect(nextCell(cells, first, "ArrowUp")).toBeUndefined();
    expect(nextCell(cells, first, "a")).toBeUndefined();
  });
});

describe("the lines of a list", () => {
  it("are one for more than three alike within an hour, but never for those with a mark", () => {
    const many = Array.from({ length: 60 }, (_, minute) => calendarItem({ on: MONDAY + minute * 60_000 }));
    const marked = calendarItem({ on: MONDAY + 1, mark: "SECOND", wall: "2026-11-23T00:00:00" });
    expect(linesOf([...many, marked], true).map(({ count }) => count)).toEqual([60, 1]);
    expect(linesOf(many.slice(0, 3), true)).toHaveLength(3);
  });
});

describe("the address of schedules", () => {
  it("drops what it does not know", () => {
    expect(schedulesSearch({ show: "calendar", week: "2026-11-23" })).toEqual({ show: "calendar", week: "2026-11-23" });
    expect(schedulesSearch({ show: "month", week: "2026-13-99", of: 7 })).toEqual({});
  });
});

describe("the calendar", () => {
  it("shows past and planned fires by the hour, and what a change of the clocks does", async () => {
    const { user, address, api } = visit("/operations/schedules", signedIn(), withOperations());
    await user.click(await screen.findByRole("link", { name: "Calendar" }));
    expect(address()).toBe("/operations/schedules?show=calendar");
    expect(screen.getByRole("link", { name: "Calendar" }).getAttribute("aria-current")).not.toBeNull();
    expect(screen.getByRole("link", { name: "Table" }).getAttribute("aria-current")).toBeNull();
    const table = await screen.findByRole("table", { name: "Fires by day and hour" });
    const [first, ...others] = within(table).getAllByRole("button");
    expect(first?.textContent).toBe("Sat 28 Nov 12:00: Exchange rates Missed × 2 ");
    expect([first, ...others].map((cell) => cell?.tabIndex)).toEqual([0, -1, -1]);
    await expectAccessible();
    first?.focus();
    await user.keyboard("{ArrowDown}{ArrowDown}{Enter}");
    const list = await screen.findByRole("list", { name: /^Sat/ });
    expect(within(list).getByText(/^02:30 does not exist on 28 Nov 2026: fires 15:02/)).toBeTruthy();
    const [, span] = api.calls.find(([name]) => name === "getScheduleCalendar") ?? [];
    expect(span).toMatchObject({ limit: 30 });
  });

  it("leads to other weeks by the address", async () => {
    const { user, address } = visit(
      "/operations/schedules?show=calendar&week=2026-11-23",
      signedIn(),
      withOperations(),
    );
    await user.click(await screen.findByRole("button", { name: "The week after" }));
    await waitFor(() => expect(address()).toContain("week=2026-11-30"));
    await user.click(screen.getByRole("button", { name: "This week" }));
    await waitFor(() => expect(address()).toBe("/operations/schedules?show=calendar"));
  });

  it("is a list on a phone, and on request", async () => {
    changeScreen({ isPhone: true });
    visit("/operations/schedules?show=calendar", signedIn(), withOperations());
    const open = await screen.findByRole("link", { name: /^Open what Exchange rates started/ });
    expect(open.getAttribute("href")).toContain("/executions/execution-9");
    expect(screen.queryByRole("table")).toBeNull();
    await expectAccessible();
  });

  it("warns of an execution that is still open, and of fires that are too many", async () => {
    const schedules = [
      { ...CALENDAR_SCHEDULE, is_running: true, more_after: NOW + HOUR },
      { ...CALENDAR_SCHEDULE, workflow_id: "workflow-3", workflow_name: "Prices", timezone: null, more_after: NOW },
    ];
    visit("/operations/schedules?show=calendar", signedIn(), withOperations(), {
      getScheduleCalendar: () => ({ message: "success", count: 0, schedules, items: [] }),
    });
    await screen.findByText(/Exchange rates: its last execution is still open. As long as it is/);
    await screen.findByText(/Exchange rates fires too often to show it all: what comes from .* on is left out/);
    await screen.findByText(/Prices: its version cannot be read/);
    await screen.findByText("Nothing fires in this week");
  });
});

describe("a schedule", () => {
  it("is run now beside its plan, in its version", async () => {
    const { api, user, address } = visit("/operations/schedules", signedIn(), withOperations(), withExecution(), {
      triggerworkflowVersion: (_, { path }) => {
        expect(path).toEqual({ workflow_id: "workflow-2", workflow_version: "1" });
        return { message: "success", looply_execution_id: "execution-1" };
      },
    });
    await user.click(await screen.findByRole("button", { name: "Run now: Exchange rates" }));
    const dialog = await screen.findByRole("dialog");
    await expectAccessible();
    await user.click(within(dialog).getByRole("button", { name: "Run now" }));
    await waitFor(() => expect(address()).toContain("/executions/execution-1"));
    expect(api.calls.filter(([name]) => name === "triggerworkflowVersion")).toHaveLength(1);
  });

  it("is neither run nor paused by who may only read", async () => {
    const permissions = sessionOf().permissions.filter((each) => each !== "repair" && each !== "execute");
    visit("/operations/schedules", signedIn({ permissions }), withOperations());
    await screen.findByRole("button", { name: /^Past and next fires/ });
    expect(screen.queryByRole("button", { name: /^(Run|Pause)/ })).toBeNull();
  });
});

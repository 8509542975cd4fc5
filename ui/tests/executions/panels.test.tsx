/** What lies beside and below the graph: the log, what belongs together, and the history as it is played. */

import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Scrubber } from "../../src/executions/views/Scrubber";
import { TimesProvider } from "../../src/text/time";
import { expectAccessible, fill, visit } from "../fakes/app";
import { ENTRIES, executionRow, ITEM, withExecution } from "../fakes/executions";
import { savedFiles } from "../fakes/files";
import { NOW, signedIn } from "../fakes/people";

const page = "/executions/execution-1";

describe("the log", () => {
  const open = async () => {
    const visited = visit(`${page}?tab=log`, signedIn(), withExecution());
    await screen.findByRole("region", { name: "Log" });
    return visited;
  };
  const lines = () =>
    [...screen.getByRole("region", { name: "Log" }).querySelectorAll("button")].map(
      ({ textContent }) => /^#(\d+)/.exec(textContent ?? "")?.[1],
    );

  it("shows failures only, and what has the words of a sentence or the name of a kind", async () => {
    const { user } = await open();
    expect(lines()).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    await user.click(screen.getByLabelText("Failures only"));
    expect(lines()).toEqual(["5", "6", "7"]);
    await fill(user, "Search the log", "incident_opened");
    await waitFor(() => expect(lines()).toEqual(["6"]));
    await user.click(screen.getByLabelText("Failures only"));
    await user.clear(screen.getByLabelText("Search the log"));
    await fill(user, "Search the log", " READ THE order ");
    await waitFor(() => expect(lines()).toEqual(["2", "3"]));
    await expectAccessible();
    await user.clear(screen.getByLabelText("Search the log"));
    await fill(user, "Search the log", "nothing of this");
    await screen.findByText("No entry matches.");
  });

  it("shows the moment of the entry that is chosen, with the entry as it is", async () => {
    const { user, address } = await open();
    await user.click(screen.getByText(/#3/));
    await waitFor(() => expect(address()).toContain("seq=3"));
    const raw = await screen.findByRole("region", { name: "The entry as JSON" });
    expect(raw.textContent).toContain("STEP_SUCCEEDED");
  });

  it("is saved whole as a file, whatever is shown of it", async () => {
    const files = savedFiles();
    const { user } = await open();
    await user.click(screen.getByLabelText("Failures only"));
    await user.click(screen.getByLabelText("Download the log as JSON"));
    const [file] = await files();
    expect([file?.name, file?.type]).toEqual(["PO-4711.json", "application/json;charset=utf-8"]);
    expect(JSON.parse(file?.text ?? "")).toEqual(ENTRIES);
  });
});

describe("what belongs together", () => {
  it("leads to the parent, to the first run, and to what was started, newest first", async () => {
    const child = (id: string, process_id: string, status: "COMPLETED" | "WAITING") =>
      executionRow({ workflow_execution_id: id, process_id, status, incident: null, workflow_name: "Deliveries" });
    const { api, user, address } = visit(`${page}?tab=related`, signedIn(), withExecution(), {
      getWorkflowExecutionById: () => ({
        message: "success",
        item: { ...ITEM, parent_execution_id: "parent-1", rerun_of_execution_id: "first-1" },
      }),
      getExecutionRows: () => ({
        message: "success",
        count: 2,
        items: [child("child-2", "DEL-2", "WAITING"), child("child-1", "DEL-1", "COMPLETED")],
        lastKey: { workflow_execution_id: "child-1" },
      }),
    });
    const list = within(await screen.findByRole("list", { name: "Executions that it started" }));
    expect(list.getAllByRole("link").map((link) => [link.textContent, link.getAttribute("href")])).toEqual([
      ["DEL-2", "/app/executions/child-2"],
      ["DEL-1", "/app/executions/child-1"],
    ]);
    list.getByText("Awaiting response");
    list.getByText("Only the newest 2 are listed.");
    expect(api.calls.filter(([id]) => id === "getExecutionRows").at(-1)?.[1]).toMatchObject({
      parent_execution_id: ["execution-1"],
    });
    const first = screen.getByText<HTMLAnchorElement>("The execution whose input this one has");
    expect(first.getAttribute("href")).toBe("/app/executions/first-1");
    await expectAccessible();
    await user.click(screen.getByText("The execution that started this one"));
    await waitFor(() => expect(address()).toMatch(/^\/executions\/parent-1/));
  });

  it("says that it started none", async () => {
    visit(`${page}?tab=related`, signedIn(), withExecution());
    await screen.findByText("None.");
    expect(screen.queryByText("The execution that started this one")).toBeNull();
  });
});

describe("the history that is played", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("shows ten events a second from the shown one on, stops when it is asked to, and ends at the last", () => {
    vi.useFakeTimers();
    const shown: number[] = [];
    const draw = (count: number) => (
      <TimesProvider style="relative" clock={() => NOW}>
        <Scrubber
          entries={ENTRIES}
          count={count}
          onSlide={(seq) => {
            shown.push(seq ?? ENTRIES.length);
            rerender(draw(shown.at(-1) ?? 0));
          }}
          onChoose={() => undefined}
        />
      </TimesProvider>
    );
    const { rerender } = render(draw(ENTRIES.length));
    const later = (ms: number): void => {
      act(() => {
        vi.advanceTimersByTime(ms);
      });
    };
    // At the end it begins again.
    fireEvent.click(screen.getByLabelText("Play the history"));
    expect(shown).toEqual([1]);
    later(99);
    expect(shown).toEqual([1]);
    for (let step = 0; step < 3; step++) later(100);
    expect(shown).toEqual([1, 2, 3, 4]);
    fireEvent.click(screen.getByLabelText("Pause"));
    later(1000);
    expect(shown).toEqual([1, 2, 3, 4]);
    fireEvent.click(screen.getByLabelText("Play the history"));
    for (let step = 0; step < 10; step++) later(100);
    expect(shown).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(screen.getByLabelText("Play the history")).toBeTruthy();
  });
});

describe("the timeline", () => {
  const axis = () => screen.findByRole("scrollbar", { name: /^The part of the time that is shown/ });

  it("shows a part of its time by keys, and the whole again", async () => {
    const { user } = visit(page, signedIn(), withExecution());
    const bar = await axis();
    const shown = () => bar.getAttribute("aria-valuetext");
    expect(shown()).toBe("0 % – 100 %");
    act(() => bar.focus());
    await user.keyboard("+");
    expect(shown()).toBe("25 % – 75 %");
    await user.keyboard("{ArrowRight}");
    expect(shown()).toBe("30 % – 80 %");
    await user.keyboard("{End}");
    expect(shown()).toBe("50 % – 100 %");
    await user.keyboard("{Home}-");
    expect(shown()).toBe("0 % – 100 %");
    await user.click(screen.getByLabelText("Zoom in"));
    await user.click(screen.getByLabelText("Zoom in"));
    expect(shown()).toBe("38 % – 63 %");
    await expectAccessible();
    const whole = screen.getByRole("button", { name: "Whole time" });
    await user.click(whole);
    expect(shown()).toBe("0 % – 100 %");
    // What was pressed keeps the focus, though there is nothing more for it to do.
    expect(document.activeElement).toBe(whole);
    expect(whole.getAttribute("aria-disabled")).toBe("true");
    await user.click(screen.getByLabelText("Zoom in"));
    const out = screen.getByLabelText("Zoom out");
    await user.click(out);
    expect(shown()).toBe("0 % – 100 %");
    expect(document.activeElement).toBe(out);
    expect(out.getAttribute("aria-disabled")).toBe("true");
  });

  it("shows the part that a pointer is drawn over, not one that is only pressed", async () => {
    visit(page, signedIn(), withExecution());
    const bar = await axis();
    const width = Number.parseFloat(bar.style.width);
    const draw = (from: number, to: number): void => {
      fireEvent.pointerDown(bar, { button: 0, clientX: from * width });
      fireEvent.pointerMove(bar, { clientX: to * width });
      fireEvent.pointerUp(bar);
    };
    draw(0.5, 0.5);
    expect(bar.getAttribute("aria-valuetext")).toBe("0 % – 100 %");
    draw(0.8, 0.4);
    expect(bar.getAttribute("aria-valuetext")).toBe("40 % – 80 %");
    draw(0.5, 1);
    expect(bar.getAttribute("aria-valuetext")).toBe("60 % – 80 %");
    fireEvent.doubleClick(bar);
    expect(bar.getAttribute("aria-valuetext")).toBe("0 % – 100 %");
  });
});

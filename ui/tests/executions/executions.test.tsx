import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { LogEntry } from "../../src/graph/log/entry";
import { refusal } from "../fakes/api";
import { expectAccessible, fill, visit } from "../fakes/app";
import { ENTRIES, executionRow, explanation, withExecution } from "../fakes/executions";
import { cardRow } from "../fakes/inbox";
import { NOW, sessionOf, signedIn } from "../fakes/people";
import { changeScreen } from "../fakes/screen";
import { viewRecord, withViews } from "../fakes/views";

const VIEWER = sessionOf().permissions.filter((each) => each !== "read.payloads" && each !== "repair");
const page = "/executions/execution-1";

/** Returns a step in the graph. Found by its text: roles of a whole page take a browser in memory seconds. */
async function stepNode(name: string): Promise<HTMLElement> {
  const found = await screen.findByText(name, { selector: "[data-step] *" });
  return found.closest<HTMLElement>("[data-step]") ?? found;
}

/** Returns the calls for the reader's cards of one workflow; the rail counts those of all. */
function callsForOwn(calls: readonly (readonly [string, unknown])[]): readonly unknown[] {
  return calls.filter(([id, input]) => id === "getMyCards" && JSON.stringify(input).includes("workflow_id"));
}

/** Returns the log of an execution that asks two people; the card of one of them is blocked. */
function withUndelivered(): LogEntry[] {
  const asked = {
    ...ENTRIES[3],
    type: "CARD_SENT",
    recipients: ["boss@example.com", "deputy@example.com"],
    revision: 1,
  };
  const blocked = { type: "CARD_UNDELIVERED", channel: "teams", reason: "BLOCKED", code: "BLOCKED_BY_USER" };
  const sent = [
    { ...ENTRIES[3], ...blocked, card: "card-1", recipient: "boss@example.com" },
    { ...ENTRIES[3], type: "CARD_DELIVERED", channel: "teams", card: "card-2", recipient: "deputy@example.com" },
  ];
  return [...ENTRIES.slice(0, 3), asked, ...sent].map((entry, at) => ({ ...entry, seq: at + 1 })) as LogEntry[];
}

describe("the page of an execution", () => {
  it("says first why it does not move, and shows the graph, the timeline and the failed step", async () => {
    visit(page, signedIn(), withExecution());
    const why = await screen.findByRole("region", { name: "Why it does not move" });
    await within(why).findByText(/“Release the order” failed: not ready/);
    expect((await stepNode("Release the order")).textContent).toBe("Release the order, Failed, 503");
    expect((await stepNode("Release the order")).getAttribute("aria-pressed")).toBe("true");
    expect((await stepNode("Tell the buyer")).textContent).toBe("Tell the buyer, Not reached");
    expect(screen.getByLabelText("Attempts").textContent).toContain("503");
    await expectAccessible();
  });

  it("shows every view as it was after the event of an evidence, and now again", async () => {
    const { user, address } = visit(page, signedIn(), withExecution());
    await user.click(await screen.findByRole("button", { name: "Evidence: entry 5 of the log" }));
    expect(address()).toContain("seq=5");
    await screen.findByRole("button", { name: /“Release the order” failed in attempt 1/, pressed: true });
    await user.click(screen.getByRole("button", { name: "Data" }));
    await screen.findByText("As it was after event 5 of 7");
    await user.click(screen.getByRole("button", { name: "Now" }));
    expect(address()).not.toContain("seq");
  });

  it("shows each moment that the slider passes at once, and has in the address where it rests", async () => {
    const { address } = visit(page, signedIn(), withExecution());
    const slider = await screen.findByRole("slider");
    for (const moment of [2, 3, 4]) {
      fireEvent.change(slider, { target: { value: String(moment) } });
      screen.getByText(`${moment} of 7`, { selector: "output, output *" });
    }
    expect(address()).not.toContain("seq=");
    await waitFor(() => expect(address()).toContain("seq=4"));
    fireEvent.change(slider, { target: { value: "2" } });
    fireEvent.click(screen.getByRole("button", { name: "Now" }));
    screen.getByText("7 of 7", { selector: "output, output *" });
    await waitFor(() => expect(address()).not.toContain("seq"));
  });

  it("has the name of its workflow as its title where its caller gave no number", async () => {
    const made = "7f6d0c9e-1a2b-4c3d-8e4f-5a6b7c8d9e0f";
    visit(page, signedIn(), {
      ...withExecution(),
      explainExecution: () => ({
        message: "success",
        item: explanation({ execution: executionRow({ process_id: made }) }),
      }),
    });
    await screen.findByRole("heading", { name: "Purchase orders" });
    expect(document.title).toMatch(/^Purchase orders/);
    expect(screen.queryByText(made)).toBeNull();
  });

  it("names the end of a maintenance as the reader writes instants", async () => {
    const reason = "maintenance until 2026-11-29T14:00:00.000Z: system update";
    const parked = { ...ENTRIES[3], seq: 5, type: "STEP_PARKED", target: "SAP", reason } as LogEntry;
    visit(page, signedIn(), withExecution([...ENTRIES.slice(0, 4), parked]));
    await screen.findByText(/^maintenance until 29 Nov 2026, \d{2}:\d{2} .+: system update$/);
  });

  it("says of a step that waits for people whom it asked, since when and until when, and reads no links", async () => {
    const asked = { ...ENTRIES[3], seq: 5, type: "CARD_SENT", recipients: ["boss@example.com"], revision: 1 };
    const waits = { ...ENTRIES[3], seq: 6, type: "WAIT_OPENED", due_on: NOW + 3_600_000 };
    const log = [...ENTRIES.slice(0, 3), asked, waits].map((entry, at) => ({ ...entry, seq: at + 1 })) as LogEntry[];
    const { api } = visit(page, signedIn(), withExecution(log));
    const panel = within(await screen.findByRole("region", { name: "What it waits for" }));
    panel.getByText(
      /It waits for an answer\. It has asked boss@example\.com\. Since .+\. At the latest until .+ “timeout”\./,
    );
    expect(panel.getByRole("link", { name: "All open cards" })).toBeTruthy();
    expect(screen.queryByText("Nothing is recorded here.")).toBeNull();
    await expectAccessible();
    expect(api.calls.some(([id]) => id === "getOpenCards")).toBe(false);
    expect(callsForOwn(api.calls)).toEqual([]);
  });

  it("says which card was not delivered and why, until it is", async () => {
    const said = "The card for boss@example.com is not delivered by Microsoft Teams (BLOCKED_BY_USER).";
    const values = { state: "release", answered: 0, undelivered: 1, delivery_code: "BLOCKED_BY_USER" };
    const why = explanation({ verdict: "WAITS_FOR_PERSON", code: "PERSON_CARD", values, who: ["boss@example.com"] });
    const log = withUndelivered();
    visit(page, signedIn(), {
      ...withExecution(log),
      explainExecution: () => ({ message: "success", item: why }),
    });
    await screen.findByText(said);
    await screen.findByText(/Not delivered: 1 of the cards \(BLOCKED_BY_USER\)\./);
    await expectAccessible();
    fireEvent.change(await screen.findByRole("slider"), { target: { value: "4" } });
    await waitFor(() => expect(screen.queryByText(said)).toBeNull());
  });

  it("leads who was asked to their own card in the inbox, by one call", async () => {
    const { email } = sessionOf().user;
    const asked = { ...ENTRIES[3], seq: 4, type: "CARD_SENT", recipients: [email.toUpperCase()], revision: 1 };
    const own = cardRow({ state: "release", opened_on: NOW });
    const cards = [cardRow({ ...own, card_id: "card-2", workflow_execution_id: "execution-2" }), own];
    const { api } = visit(page, signedIn(), {
      ...withExecution([...ENTRIES.slice(0, 3), asked as LogEntry]),
      getMyCards: () => ({ message: "success", count: cards.length, items: cards }),
    });
    const link = await screen.findByRole("link", { name: "Open your card in the inbox" });
    expect(link.getAttribute("href")).toBe("/app/inbox?card=card-1");
    expect(callsForOwn(api.calls)).toHaveLength(1);
    expect(api.calls.some(([id]) => id === "getOpenCards")).toBe(false);
  });

  it("leads to the inbox where it has several cards of them, such as of the items of a loop", async () => {
    const { email } = sessionOf().user;
    const asked = { ...ENTRIES[3], seq: 4, type: "CARD_SENT", recipients: [email], revision: 1 } as LogEntry;
    const cards = ["card-1", "card-2"].map((card_id) => cardRow({ card_id, state: "release", opened_on: NOW }));
    const { api } = visit(page, signedIn(), {
      ...withExecution([...ENTRIES.slice(0, 3), asked]),
      getMyCards: () => ({ message: "success", count: cards.length, items: cards }),
    });
    const panel = within(await screen.findByRole("region", { name: "What it waits for" }));
    await waitFor(() => expect(callsForOwn(api.calls)).toHaveLength(1));
    expect(panel.getByRole("link", { name: "Open the inbox" }).getAttribute("href")).toBe("/app/inbox");
  });

  it("finds values by text with the path of an expression, and what a step changed", async () => {
    const { user } = visit(page, signedIn(), withExecution());
    await stepNode("Release the order");
    await user.click(screen.getByRole("button", { name: "Data" }));
    await user.type(await screen.findByLabelText("Search the data"), "order at");
    const path = `\${payload.output.po}`;
    await screen.findByText(path);
    expect(screen.getByText("order at 7")).toBeTruthy();
    await user.click(screen.getByLabelText("Changed by this step"));
    await screen.findByText("order at 3 → order at 7");
    expect(screen.getByLabelText(`Copy ${path}`)).toBeTruthy();
  });

  it("shows markup in values as text", async () => {
    const { container, user } = visit(page, signedIn(), withExecution());
    await user.click(await stepNode("Read the order"));
    await screen.findByText("<b>4711</b>");
    expect(container.querySelector("b")).toBeNull();
  });

  it("shows the row and the reason, but no data, to who may not read data", async () => {
    const { api } = visit(page, signedIn({ permissions: VIEWER }), withExecution());
    await screen.findByText(/“release” failed/);
    await screen.findByText(/You need the right “read.payloads”/);
    expect(api.calls.map(([id]) => id)).not.toContain("getExecutionLog");
  });

  it("says that an execution does not exist any more", async () => {
    visit("/executions/pruned", signedIn(), withExecution());
    await screen.findByText("This execution does not exist, or it has been pruned.");
  });

  it("keeps what it shows when the execution is pruned in the meantime", async () => {
    const { api, user } = visit(page, signedIn(), withExecution());
    await stepNode("Read the order");
    api.handle({
      explainExecution: () => {
        throw refusal(404, "EXECUTION_NOT_FOUND");
      },
      getEventData: () => {
        throw refusal(404, "EXECUTION_NOT_FOUND");
      },
    });
    await user.click(await stepNode("Read the order"));
    await screen.findByRole("alert");
    expect(screen.getByRole("heading", { name: "PO-4711" })).toBeTruthy();
  });

  it("reads a log page by page", async () => {
    const { api } = visit(page, signedIn(), withExecution(), {
      getExecutionLog: ({ after = 0 }) => ({
        message: "success",
        workflow_execution_id: "execution-1",
        status: "FAILED",
        last_seq: 7,
        workflow_event_log:
          after < 6
            ? { events: ENTRIES.slice(after, after + 3), truncated: true, after: after + 3 }
            : { events: ENTRIES.slice(after) },
      }),
    });
    await screen.findByText("7 of 7", { selector: "output, output *" });
    expect(api.calls.filter(([id]) => id === "getExecutionLog").length).toBeGreaterThan(1);
  });

  it("is a list of steps on a phone", async () => {
    changeScreen({ isPhone: true });
    visit(page, signedIn(), withExecution());
    const list = await screen.findByRole("list", { name: "Outline" });
    expect(within(list).getAllByRole("button")).toHaveLength(4);
    await expectAccessible();
  });
});

describe("a repair", () => {
  const open = async (...handlers: Parameters<typeof visit>[1][]) => {
    const visited = visit(page, signedIn(), withExecution(), ...handlers);
    await screen.findByRole("region", { name: "What now?" });
    return visited;
  };
  const button = (name: RegExp) => screen.getByRole<HTMLButtonElement>("button", { name });

  it("is possible only after its forecast, whose effect its button names", async () => {
    const { api, user } = await open();
    expect(button(/^Try again, no call leaves$/).disabled).toBe(true);
    const verb = await screen.findByRole<HTMLButtonElement>("button", {
      name: "Try again, 1 call repeats under the same key",
    });
    expect(verb.disabled).toBe(false);
    await user.type(screen.getByLabelText("Reason"), "S4 is back");
    await user.click(verb);
    await waitFor(() => expect(api.calls.at(-1)?.[0]).not.toBe("repairExecution"));
    const sent = api.calls.filter(([id]) => id === "repairExecution").map(([, input]) => input);
    expect(sent.at(-1)).toEqual({
      workflow_execution_id: "execution-1",
      seq: 7,
      incident_id: "execution-1:6",
      action: "retry",
      reason: "S4 is back",
    });
    await screen.findByText(/It moves/);
  });

  it("says in red when a call would act twice", async () => {
    await open({
      repairExecution: () => ({
        message: "forecast",
        workflow_execution_id: "execution-1",
        status: "RUNNING",
        workflow_current_state: "release",
        workflow_version: 4,
        incidents: [],
        forecast: {
          status: "RUNNING",
          workflow_current_state: "release",
          workflow_version: 4,
          effects: [
            {
              state: "release",
              visit: 1,
              attempt: 1,
              operation: "sap.request",
              idempotency_key: "new",
              is_repeated: true,
              keeps_key: false,
              on_unknown: "incident",
            },
          ],
          visits: [],
          waiting: [],
          timers_due: 0,
          cards_closed: 0,
          incident: null,
          workflow_event_log: { events: [] },
        },
      }),
    });
    await screen.findByText("new key, acts twice");
    expect(button(/Try again, 1 call may act twice/)).toBeTruthy();
  });

  it("is refused when another person was first, and shows the execution as it is now", async () => {
    const { api, user } = await open();
    const verb = await screen.findByRole("button", { name: /1 call repeats/ });
    api.handle({
      repairExecution: () => {
        throw refusal(409, "STALE", "the execution has changed since it was read");
      },
      explainExecution: () => ({
        message: "success",
        item: { ...explanation(), execution: executionRow({ seq: 8 }) },
      }),
    });
    await user.click(verb);
    const alerts = await screen.findAllByText(/has changed since you read it/);
    expect(alerts.length).toBeGreaterThan(0);
    await waitFor(() => {
      const last = api.calls.filter(([id]) => id === "repairExecution").at(-1)?.[1];
      expect(last).toMatchObject({ dry_run: true, seq: 8 });
    });
  });

  it("asks for what it needs before it works out anything", async () => {
    const { user } = await open();
    await user.click(button(/^Continue elsewhere$/));
    await screen.findByText("Choose the step at which it continues.");
    await user.selectOptions(screen.getByLabelText("Step"), "tell");
    await screen.findByText("If you continue there");
  });
});

describe("the history", () => {
  const rows = [
    executionRow(),
    executionRow({ workflow_execution_id: "execution-0", process_id: "PO-1", incident: null, status: "COMPLETED" }),
  ];
  const handlers = {
    getExecutionRows: () => ({ message: "success", count: rows.length, items: rows }),
    getOrganizationWorkflows: () => ({ message: "success", count: 0, items: [] }),
  };

  it("lists executions, whose filters are in the address", async () => {
    const { api, user, address } = visit("/executions?status=%5B%22FAILED%22%5D", signedIn(), handlers);
    await screen.findByRole("link", { name: "PO-4711" });
    expect(api.calls.find(([id]) => id === "getExecutionRows")?.[1]).toMatchObject({ status: ["FAILED"], limit: 100 });
    await user.type(screen.getByLabelText("Find executions"), "PO-47*{Enter}");
    await waitFor(() => expect(address()).toContain("PO-47"));
    await waitFor(() =>
      expect(api.calls.filter(([id]) => id === "getExecutionRows").at(-1)?.[1]).toMatchObject({ term: ["PO-47*"] }),
    );
    await expectAccessible();
  });

  it("saves its filters as a view, shared with all, and deletes another", async () => {
    const { user, address, api } = visit("/executions?q=%5B%22PO-47*%22%5D", signedIn(), handlers, withViews());
    await user.click(await screen.findByText("Mine"));
    await waitFor(() => expect(address()).toContain("letter"));
    await user.click(await screen.findByText("Delete this view"));
    await screen.findByText("Its filters are lost; no execution changes.");
    await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Delete this view" }));
    await waitFor(() => expect(screen.queryByText("Mine")).toBeNull());
    await user.click(await screen.findByText("All"));
    await user.type(screen.getByLabelText("Find executions"), "PO-47*{Enter}");
    await user.click(await screen.findByText("Save this view"));
    await fill(user, /^Name/, "Orders");
    await user.click(screen.getByLabelText("Share with the organization"));
    await expectAccessible();
    await user.click(screen.getByText("Save the view"));
    const saved = await screen.findByText("Orders");
    expect(saved.getAttribute("aria-current")).toBe("page");
    expect(api.calls.filter(([id]) => id === "putView" || id === "deleteView")).toEqual([
      ["deleteView", { view_id: "view-1", modified_on: 1 }],
      ["putView", { page: "executions", name: "Orders", query: "q=%5B%22PO-47*%22%5D", is_shared: true }],
    ]);
  });

  it("replaces the own view of a name as it was read, and says when another was first", async () => {
    const { user, api } = visit("/executions?q=%5B%22PO-47*%22%5D", signedIn(), handlers, withViews(), {
      putView: () => {
        throw refusal(409, "STALE", "", { modified_on: 2 });
      },
    });
    await screen.findByText("Mine");
    await user.click(await screen.findByText("Save this view"));
    await fill(user, /^Name/, "Mine");
    await screen.findByText("Your view of this name is replaced.");
    await user.click(screen.getByText("Save the view"));
    await screen.findByText(/^Another person has changed this view/);
    expect(api.calls.find(([id]) => id === "putView")?.[1]).toMatchObject({ view_id: "view-1", modified_on: 1 });
    await waitFor(() => expect(api.calls.filter(([id]) => id === "getViews").length).toBeGreaterThan(1));
  });

  it("offers what others share, which only who may changes", async () => {
    const foreign = viewRecord({
      view_id: "view-2",
      name: "Theirs",
      is_mine: false,
      is_shared: true,
      can_change: false,
    });
    const { user } = visit("/executions", signedIn(), handlers, withViews([foreign]));
    const tab = await screen.findByRole("link", { name: "Theirs" });
    expect(tab.title).toBe("Shared by The buyer");
    await user.click(tab);
    await waitFor(() => expect(tab.getAttribute("aria-current")).toBe("page"));
    expect(screen.queryByText("Delete this view")).toBeNull();
  });

  it("offers filters while a word is typed, chosen by keys", async () => {
    const { user, address, api } = visit("/executions", signedIn(), handlers);
    const field = await screen.findByRole("combobox", { name: "Find executions" });
    await screen.findByRole("link", { name: "PO-4711" });
    await user.type(field, "sta");
    const list = screen.getByRole("listbox", { name: "What the search can name" });
    expect(within(list).getAllByRole("option")[0]?.textContent).toBe("status:Status");
    await user.keyboard("{ArrowDown}{Enter}");
    expect((field as HTMLInputElement).value).toBe("status:");
    await user.keyboard("fail{ArrowDown}");
    expect(field.getAttribute("aria-activedescendant")).toBe(within(list).getByRole("option").id);
    await expectAccessible();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(address()).toContain("status=%5B%22FAILED%22%5D"));
    expect((field as HTMLInputElement).value).toBe("");
    await user.type(field, "profile:");
    await user.click(within(list).getByText("profile:prod"));
    await waitFor(() =>
      expect(api.calls.filter(([id]) => id === "getExecutionRows").at(-1)?.[1]).toMatchObject({
        status: ["FAILED"],
        profile: ["prod"],
      }),
    );
    await user.type(field, "code:{Escape}");
    expect(within(list).queryAllByRole("option")).toEqual([]);
    await user.tab();
    expect((field as HTMLInputElement).value).toBe("code:");
  });

  it("keeps the order, the widths and the density of its table with the account", async () => {
    let stored: Record<string, unknown> = { other: 1 };
    const { user, address } = visit("/executions", signedIn(), handlers, {
      getPreferences: () => ({ message: "success", preferences: stored }),
      putPreferences: ({ preferences }) => {
        stored = preferences;
        return { message: "success" };
      },
    });
    await screen.findByRole("link", { name: "PO-4711" });
    const heads = () => screen.getAllByRole("columnheader").map(({ textContent }) => textContent);
    expect(heads().slice(0, 4)).toEqual(["Created", "Process id", "Workflow", "Version"]);
    await user.click(screen.getByRole("button", { name: "Columns" }));
    await user.click(await screen.findByRole("button", { name: "Move Version forward" }));
    await user.click(screen.getByLabelText("Trigger"));
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Take these columns" }));
    await waitFor(() =>
      expect(heads().slice(0, 5)).toEqual(["Created", "Process id", "Version", "Workflow", "Status"]),
    );
    expect(address()).toContain("hide=%5B%22trigger%22%5D");
    const edge = screen.getByRole("separator", { name: "Width of the column Version" });
    edge.focus();
    await user.keyboard("{ArrowRight}");
    await waitFor(() => expect(stored).toMatchObject({ other: 1, history: { widths: { version: 56 } } }));
    await user.click(screen.getByRole("button", { name: "Compact" }));
    await waitFor(() => expect(stored).toMatchObject({ app: { density: "compact" } }));
    expect(screen.getByRole("button", { name: "Compact" }).getAttribute("aria-pressed")).toBe("true");
  });

  it("distinguishes nothing yet from no match", async () => {
    const none = { ...handlers, getExecutionRows: () => ({ message: "success", count: 0, items: [] }) };
    visit("/executions", signedIn(), none).unmount();
    visit("/executions?q=%5B%22x%22%5D", signedIn(), none);
    await screen.findByText("No execution matches these filters");
  });

  it("offers to look through more when a search reached its limit", async () => {
    const cut = { workflow_execution_id: "execution-9" };
    const { api, user } = visit("/executions?q=%5B%22x%22%5D", signedIn(), handlers, {
      getExecutionRows: ({ workflow_execution_id }) =>
        workflow_execution_id === undefined
          ? { message: "success", count: 0, items: [], lastKey: cut, truncated: true }
          : { message: "success", count: 1, items: [executionRow()] },
    });
    await user.click(await screen.findByRole("button", { name: "Looked through up to 12,000, continue" }));
    await screen.findByRole("link", { name: "PO-4711" });
    expect(api.calls.filter(([id]) => id === "getExecutionRows")).toHaveLength(2);
  });

  it("is refused with the name of the right", async () => {
    visit("/executions", signedIn({ permissions: ["own"] }), handlers);
    await screen.findByText(/You need the right “read.executions”/);
  });
});

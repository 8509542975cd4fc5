/** What the special panels do, on an API in memory. */

import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Permission } from "../../../src/api/types";
import { settingsOf, stepById } from "../../../src/studio/document/definition";
import type { StudioStore } from "../../../src/studio/document/store";
import { type Handlers, refusal } from "../../fakes/api";
import { expectAccessible } from "../../fakes/app";
import { definitionOf, openPanel, storeWith } from "../../fakes/panel";
import { STEPS, stepText, TYPES } from "./steps";

const settings = (store: StudioStore, id = "step_1") => settingsOf(stepById(store.getState().document, id) ?? { id });

function openStep(text: string, handlers: Handlers = {}, permissions?: readonly Permission[]) {
  const step = `{"id": "step_1", ${text}}`;
  return openPanel(storeWith(definitionOf(step)), "step_1", handlers, permissions === undefined ? {} : { permissions });
}

afterEach(() => {
  vi.useRealTimers();
});

describe.each(TYPES)("the settings of %s", (type) => {
  it("can be used by all", async () => {
    openPanel(storeWith(definitionOf(stepText(type))), "step_1");
    await expectAccessible();
  });
});

describe("a panel", () => {
  it("is there in German", () => {
    openPanel(storeWith(definitionOf(stepText("approval"))), "step_1", {}, { language: "de" });
    expect(screen.getByRole("tab", { name: "Einstellungen" })).toBeTruthy();
    expect(screen.getByText(/^Frage/, { selector: "p" }).textContent).toContain("nach 2 Arbeitstagen");
  });
});

describe("an approval", () => {
  it("is a sentence, and a strip of what happens when no answer comes", () => {
    openStep(`"type": "approval", "settings": {"recipients": ["manager@example.com", "buyer@example.com"],
      "quorum": "any", "reminders": ["P1D"], "escalation": [{"after": "P2D", "to": "boss@example.com"}], "timeout": "P5D"}`);
    const sentence = screen.getByText(/^Ask/, { selector: "p" });
    expect(sentence.textContent).toBe(
      "Ask manager@example.com and buyer@example.com at once. One of them must approve. Remind after 1 day. Hand over to boss@example.com after 2 days. Take the exit “timeout” after 5 days.",
    );
    const strip = within(screen.getByLabelText("When no answer comes"));
    expect(strip.getAllByRole("listitem").map((item) => item.textContent)).toEqual([
      expect.stringContaining("Asked"),
      expect.stringMatching(/Reminder after 1 day, 29 Nov 2026/),
      expect.stringMatching(/Hand over boss@example.com after 2 days, 30 Nov 2026/),
      expect.stringMatching(/Timeout after 5 days, 3 Dec 2026/),
    ]);
  });

  it("counts working time by its calendar", async () => {
    const calendar = { timezone: "UTC", hours: { mon: ["08:00-17:00"], fri: ["08:00-17:00"] }, holidays: [] };
    openStep(
      `"type": "approval", "settings": {"recipients": ["a@example.com"], "timeout": "P1D", "calendar": "work"}`,
      {
        getDatastore: () => ({ message: "success", item: { name: "work", value: calendar } }) as never,
      },
    );
    // The 28th is a Saturday: the request waits for Monday, and a working day later is Friday.
    expect(await screen.findByText(/4 Dec 2026/)).toBeTruthy();
  });

  it("takes more people, and refuses what is no address", async () => {
    const { user, store } = openStep(`"type": "approval", "settings": {"recipients": ["a@example.com"]}`);
    const people = screen.getByPlaceholderText("Mail address, or an expression");
    await user.type(people, "the boss{Enter}");
    expect(await screen.findByText(/neither a mail address nor an expression/)).toBeTruthy();
    expect(settings(store).recipients).toEqual(["a@example.com"]);
    await user.clear(people);
    await user.type(people, "b@example.com{Enter}");
    expect(settings(store).recipients).toEqual(["a@example.com", "b@example.com"]);
  });
});

describe("a mail", () => {
  it("is shown as HTML on the sample, in a frame of its own", async () => {
    const { api } = openStep(
      `"type": "email", "settings": {"subject": "Order", "html": "<p>\${payload.output.po}</p>"}`,
      {
        getSamples: ({ workflow_id }) =>
          ({
            message: "success",
            item: { workflow_id, revision: 1, payloads: [{ name: "A", body: { po: "4711" } }], outputs: {} },
          }) as never,
        evaluateExpression: () =>
          ({ message: "success", value: "<p>4711</p>", type: "text", is_present: true, error: null }) as never,
      },
    );
    const frame = await screen.findByTitle("Mail: Order");
    expect(frame.getAttribute("sandbox")).toBe("allow-scripts");
    expect(frame.getAttribute("src")).toBe("/mail-frame");
    expect(frame.hasAttribute("srcdoc")).toBe(false);
    await waitFor(() =>
      expect(api.calls.find(([id]) => id === "evaluateExpression")?.[1]).toMatchObject({
        template: "<p>${payload.output.po}</p>",
        data: { payload: { output: { po: "4711" } } },
      }),
    );
  });

  it("says why it cannot be shown, and shows none without HTML", async () => {
    openStep(`"type": "email", "settings": {"subject": "Order", "text": "Hello"}`);
    expect(screen.queryByTitle("Mail: Order")).toBeNull();
    openStep(`"type": "email", "settings": {"subject": "Wrong", "html": "\${po"}`, {
      getSamples: ({ workflow_id }) =>
        ({
          message: "success",
          item: { workflow_id, revision: 1, payloads: [{ name: "A", body: {} }], outputs: {} },
        }) as never,
      evaluateExpression: () =>
        ({
          message: "success",
          value: null,
          type: null,
          is_present: false,
          error: { message: "it is not closed" },
        }) as never,
    });
    expect(await screen.findByText(/it is not closed/)).toBeTruthy();
    expect(screen.queryByTitle("Mail: Wrong")).toBeNull();
  });
});

describe("a condition", () => {
  it("has a condition more, and one that is reversed", async () => {
    const { user, store } = openStep(
      `"type": "conditional", "settings": {"rules": [{"variable": "\${a}", "operator": "StringEquals", "value": "x", "why": 1.0}]}`,
    );
    await user.click(screen.getByRole("button", { name: "Add a condition" }));
    await user.click(screen.getAllByLabelText("Reverse: holds when the condition is false")[0] as HTMLElement);
    expect(settings(store).rules).toMatchObject([
      { operator: "Not", variable: "${a}", value: { operator: "StringEquals", value: "x" } },
      { operator: "StringEquals" },
    ]);
  });

  it("offers the comparisons that fit the value", async () => {
    openStep(
      `"type": "conditional", "settings": {"rules": [{"variable": "\${a.b}", "operator": "NumericEquals", "value": 1}]}`,
      {
        validateExpression: () => ({ message: "success", errors: [], warnings: [], type: "number" }),
      },
    );
    await waitFor(() => expect(screen.queryByRole("option", { name: "matches (* = anything)" })).toBeNull());
    expect(screen.getByRole("option", { name: "≥" })).toBeTruthy();
  });
});

describe("an operation", () => {
  const operation = {
    operation: "warehouse.reserve",
    connector: "warehouse",
    label: "Reserve",
    summary: "Reserves goods",
    step_type: "",
    connection_kind: "warehouse",
    input_schema: {
      type: "object",
      required: ["material"],
      properties: { material: { type: "string", title: "Material" }, urgent: { type: "boolean" } },
    },
    output_schema: {},
    repeat: "never",
  } as const;
  const handlers: Handlers = {
    getStepTypes: () =>
      ({ message: "success", count: 0, items: [], operations: [operation], channels: ["inbox"] }) as never,
  };

  it("has the form that its schema makes, and keeps what the schema does not name", async () => {
    const { user, store } = openStep(
      `"type": "operation", "settings": {"operation": "warehouse.reserve", "input": {"material": "M-1", "later": 1.0}}`,
      handlers,
    );
    await user.click(await screen.findByLabelText("Urgent"));
    expect(settings(store).input).toMatchObject({ material: "M-1", urgent: true });
    expect(screen.getByText(/"later": 1\.0/)).toBeTruthy();
    expect(screen.getByText(/an operator decides/)).toBeTruthy();
  });
});

describe("a step that is tried", () => {
  const tried = {
    state: "NOT_SENT",
    exit: "",
    input: { url: "https://example.com" },
    output: null,
    error: null,
    operation: "http.request",
    repeat: "never",
    millis: 3,
    fuel: { used: 1, limit: 1000 },
  } as const;
  const http = `"type": "httpRequest", "settings": {"url": "https://example.com"}`;
  const openTry = async (handlers: Handlers, permissions?: readonly Permission[]) => {
    const panel = openStep(http, handlers, permissions);
    await panel.user.click(screen.getByRole("tab", { name: "Data" }));
    return panel;
  };

  it("shows what would be sent, and sends nothing", async () => {
    const { user, api } = await openTry({ testStep: () => ({ message: "success", item: tried }) });
    await user.click(screen.getByRole("button", { name: "Show what would be sent" }));
    expect(await screen.findByText("Not sent")).toBeTruthy();
    expect(api.calls.find(([id]) => id === "testStep")?.[1]).toMatchObject({
      workflow_id: "workflow-1",
      step_id: "step_1",
      send: false,
    });
  });

  it("makes no real call without the permission", async () => {
    await openTry({}, ["read.definitions"]);
    expect(screen.getByRole("button", { name: "Make the real call" }).hasAttribute("disabled")).toBe(true);
    expect(screen.getAllByText(/You need the right “test.call”/).length).toBeGreaterThan(0);
  });

  it("asks before a real call, and says that it may not be repeated", async () => {
    const { user, api } = await openTry(
      {
        testStep: () => ({
          message: "success",
          item: { ...tried, state: "DONE", exit: "next", output: { status: "200" } },
        }),
      },
      ["test.call", "edit.drafts"],
    );
    await user.click(screen.getByRole("button", { name: "Make the real call" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(dialog.getByRole("checkbox"));
    await user.click(dialog.getByRole("button", { name: "Make the real call" }));
    expect(await screen.findByText("leaves by “next”")).toBeTruthy();
    expect(api.calls.find(([id]) => id === "testStep")?.[1]).toMatchObject({ send: true, i_know: true });
  });

  it("says why it was refused", async () => {
    const { user } = await openTry({
      testStep: () => {
        throw refusal(409, "NOT_REPEATABLE", "may not be repeated");
      },
    });
    await user.click(screen.getByRole("button", { name: "Show what would be sent" }));
    expect(await screen.findByText(/The call may not be repeated/)).toBeTruthy();
  });
});

describe("samples", () => {
  it("are pasted, kept with those of others, and chosen", async () => {
    let stored = { payloads: [{ name: "Theirs", body: 1 as unknown, from_execution: "" }], revision: 4 };
    const item = () => ({ workflow_id: "workflow-1", outputs: {}, modified_by: null, modified_on: null, ...stored });
    const { user } = openStep(`"type": "email", "settings": {}`, {
      getSamples: () => ({ message: "success", item: item() }),
      putSamples: ({ payloads = [], revision }) => {
        expect(revision).toBe(stored.revision);
        stored = {
          payloads: payloads.map(({ name, body, from_execution = "" }) => ({ name, body, from_execution })),
          revision: revision + 1,
        };
        return { message: "success", item: item() };
      },
    });
    await user.click(screen.getByRole("tab", { name: "Data" }));
    await user.click(screen.getByRole("button", { name: "Paste or upload JSON" }));
    await user.click(screen.getByLabelText("Payload as JSON"));
    await user.paste('{"po": "4500000101"}');
    await user.click(screen.getByRole("button", { name: "Use as a sample" }));
    await waitFor(() => expect(stored.payloads.map(({ name }) => name)).toEqual(["Theirs", "Sample"]));
    await waitFor(() => expect(screen.getByRole("option", { name: "Sample" })).toBeTruthy());
  });

  it("of an execution are what its caller sent, as it began", async () => {
    const engine = { workflow_id: "w", executor: "key", workflow_process_id: "P-1" };
    let stored: unknown[] = [];
    const item = (payloads: unknown[]) => ({ workflow_id: "workflow-1", revision: 0, payloads, outputs: {} }) as never;
    const { user, api } = openStep(`"type": "email", "settings": {}`, {
      getExecutionRows: () =>
        ({
          message: "success",
          count: 1,
          items: [{ workflow_execution_id: "e-1", process_id: "P-1", seq: 9, created_on: 1 }],
        }) as never,
      getExecutionAt: () => ({ item: { document: { payload: { output: { po: "4711", ...engine } } } } }) as never,
      getSamples: () => ({ message: "success", item: item(stored) }),
      putSamples: ({ payloads = [] }) => {
        stored = [...payloads];
        return { message: "success", item: item(stored) };
      },
    });
    await user.click(screen.getByRole("tab", { name: "Data" }));
    await user.click(await screen.findByRole("button", { name: "Take from an execution" }));
    await user.click(await screen.findByRole("button", { name: /^P-1/ }));
    await waitFor(() => expect(stored).toEqual([{ name: "P-1", body: { po: "4711" }, from_execution: "e-1" }]));
    expect(api.calls.find(([id]) => id === "getExecutionAt")?.[1]).toMatchObject({ seq: 1 });
  });

  it("of ten megabytes, or that are no JSON, are refused and nothing is stored", async () => {
    const { user, api } = openStep(`"type": "email", "settings": {}`);
    await user.click(screen.getByRole("tab", { name: "Data" }));
    await user.click(screen.getByRole("button", { name: "Paste or upload JSON" }));
    await user.click(screen.getByLabelText("Payload as JSON"));
    await user.paste("<html>");
    expect(await screen.findByText("Line 1: this is not JSON.")).toBeTruthy();
    const large = new File([new Uint8Array(10_000_000)], "large.json", { type: "application/json" });
    await user.upload(screen.getByLabelText("Or a file"), large);
    expect(await screen.findByText(/at most 1 MiB/)).toBeTruthy();
    expect(screen.getByRole("button", { name: "Use as a sample" }).hasAttribute("disabled")).toBe(true);
    expect(api.calls.some(([id]) => id === "putSamples")).toBe(false);
  });
});

describe("a start", () => {
  const start = `"type": "trigger", "settings": {"trigger_type": "REQUEST"}`;

  it("shows the call in three languages", async () => {
    const { user } = openStep(start);
    expect(screen.getByText(/curl -X POST/)).toBeTruthy();
    await user.click(screen.getByLabelText("ABAP"));
    expect(screen.getByText(/cl_http_client/)).toBeTruthy();
  });

  it("learns the payload from a pasted one, and says what it would break", async () => {
    const { user, store } = openStep(start, {
      getSamples: () => ({
        message: "success",
        item: {
          workflow_id: "workflow-1",
          revision: 0,
          payloads: [],
          outputs: {},
          modified_by: null,
          modified_on: null,
        },
      }),
      putSamples: ({ payloads = [], revision }) => ({
        message: "success",
        item: {
          workflow_id: "workflow-1",
          revision: revision + 1,
          payloads: payloads.map(({ name, body, from_execution = "" }) => ({ name, body, from_execution })),
          outputs: {},
          modified_by: null,
          modified_on: null,
        },
      }),
      validateWorkflow: ({ definition }) => ({
        message: "success",
        error_count: 0,
        warning_count: 0,
        errors: [],
        warnings: JSON.stringify(definition).includes("workflow_schema")
          ? [{ path: "/workflow_steps/1/settings/subject", message: "there is no amount" }]
          : [],
      }),
    });
    const detect = within(screen.getByLabelText("Detect Payload"));
    await user.click(detect.getByRole("button", { name: "Paste or upload JSON" }));
    await user.click(detect.getByLabelText("Payload as JSON"));
    await user.paste('{"po": "1"}');
    await user.click(detect.getByRole("button", { name: "Use as a sample" }));
    expect(await screen.findByText("there is no amount")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Use it" }));
    expect(store.getState().document.workflow_schema).toEqual({
      type: "object",
      properties: { po: { type: "string" } },
    });
  });

  it("finds a test call that arrives while it listens, and not what the Studio itself saved", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    let stored: { payload: unknown; on: number } = { payload: null, on: 1 };
    const { user, store } = openStep(start, {
      getWorkflowSchemaById: () =>
        ({
          message: "success",
          item: {
            workflow_mock_payload: stored.payload,
            workflow_schema: { type: "object", properties: { po: { type: "string" } } },
            modified_on: stored.on,
          },
        }) as never,
    });
    await user.click(screen.getByRole("button", { name: "Listen for a test call" }));
    expect(await screen.findByText(/workflow-1\/3\?test=true/)).toBeTruthy();
    await act(() => vi.advanceTimersByTimeAsync(2_100));
    store.setState({ document: { ...store.getState().document } });
    stored = { payload: null, on: 2 };
    await act(() => vi.advanceTimersByTimeAsync(2_100));
    expect(screen.getByText(/test=true/)).toBeTruthy();
    stored = { payload: { po: "4500000101" }, on: 3 };
    await act(() => vi.advanceTimersByTimeAsync(2_100));
    expect(await screen.findByText("1 field differs:")).toBeTruthy();
    expect(screen.queryByText(/test=true/)).toBeNull();
  });

  it("starts by a schedule that is stored as soon as it is chosen", async () => {
    const { user, store } = openStep(start);
    await user.click(screen.getByLabelText("By a schedule"));
    expect(settings(store)).toEqual({ trigger_type: "SCHEDULED", schedule: { cron: "0 7 * * MON,TUE,WED,THU,FRI" } });
  });

  it("has a cron expression as it is typed, also while it reads as days of the week", async () => {
    const { user, store } = openStep(`"type": "trigger", "settings": ${STEPS.trigger}`);
    await user.click(screen.getByLabelText("Cron"));
    const input = screen.getByLabelText("Cron expression");
    await user.clear(input);
    await user.type(input, "0 7 * * 1-5");
    expect(settings(store)).toMatchObject({ schedule: { cron: "0 7 * * 1-5" } });
    expect(input).toHaveProperty("value", "0 7 * * 1-5");
  });

  it("by a schedule shows its next starts over a clock change", async () => {
    const { user, api } = openStep(`"type": "trigger", "settings": ${STEPS.trigger}`, {
      previewSchedule: ({ around_change }) => ({
        message: "success",
        timezone: "Europe/Dublin",
        change_on: Date.UTC(2027, 2, 28, 1),
        count: 1,
        items: around_change
          ? [{ on: 1, local: "2027-03-28T02:30:00+01:00", wall: "2027-03-28T01:30:00", fires: true, mark: "MOVED" }]
          : [{ on: 2, local: "2026-11-30T07:00:00+00:00", wall: "2026-11-30T07:00:00", fires: true, mark: "" }],
      }),
    });
    expect(await screen.findByText(/2026-11-30 07:00/)).toBeTruthy();
    await user.click(screen.getByRole("button", { name: /Around the clock change of/ }));
    expect(await screen.findByText("01:30 does not exist that day")).toBeTruthy();
    expect(api.calls.filter(([id]) => id === "previewSchedule").at(-1)?.[1]).toMatchObject({ count: 10 });
  });
});

describe("errors and retry", () => {
  it("are of the step itself", async () => {
    const { user, store } = openStep(`"type": "httpRequest", "settings": {"url": "https://example.com"}`);
    await user.click(screen.getByRole("tab", { name: "Errors" }));
    await user.type(screen.getByLabelText("Attempts"), "7");
    expect(stepById(store.getState().document, "step_1")?.retry).toEqual({ max_attempts: 7 });
    await user.clear(screen.getByLabelText("Attempts"));
    expect(stepById(store.getState().document, "step_1")).not.toHaveProperty("retry");
    await user.type(screen.getByLabelText("Attempts"), "1001");
    expect(await screen.findByText(/of at most 1000/)).toBeTruthy();
  });
});

describe("a finding", () => {
  it("is said at the field that it is about", () => {
    const { store } = openStep(`"type": "httpRequest", "settings": {"url": ""}`);
    store.getState().setFindings([
      {
        severity: "error",
        step: "step_1",
        field: "/settings/url",
        path: "/workflow_steps/1/settings/url",
        message: "must not be empty",
        hint: "",
      },
    ]);
    return waitFor(() => expect(screen.getByText("Must not be empty.")).toBeTruthy());
  });
});

describe("a version that cannot be edited", () => {
  it("shows its settings and changes nothing", async () => {
    const definition = definitionOf(stepText("approval"));
    const { user, store } = openPanel(storeWith(definition, true), "step_1");
    expect(screen.queryByRole("button", { name: "Add a reminder" })).toBeNull();
    for (const each of screen.getAllByRole("radio")) await user.click(each);
    expect(store.getState().document).toBe(definition);
  });
});

/** Keys that work anywhere in the Studio, also while a person types: try this step, activate, the hits of find. */

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Session } from "../../src/session/session";
import type { JsonObject } from "../../src/shared/http";
import { askedTry } from "../../src/studio/panels/tries/asked";
import { answerLater, type Handlers } from "../fakes/api";
import { visit } from "../fakes/app";
import { QUIET, storeWith } from "../fakes/panel";
import { sessionOf, signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";
import { ORDERS } from "./definitions";

const PAGE = "/workflows/workflow-1/v/5";
const MAKER: Session["permissions"] = [
  ...new Set([...sessionOf().permissions, "read.definitions", "edit.drafts", "activate"] as const),
];

async function node(id: string): Promise<HTMLElement> {
  return waitFor(() => {
    const found = document.querySelector<HTMLElement>(`button[data-step="${id}"]`);
    if (found === null) throw new Error(`no step ${id}`);
    return found;
  });
}

const focused = (): string | undefined => (document.activeElement as HTMLElement | null)?.dataset.step;

/** Steps whose form has a try of its own. */
const TRIED: JsonObject = {
  workflow_name: "Tries",
  workflow_steps: [
    { id: "WorkflowStartState", type: "trigger", settings: { trigger_type: "REQUEST" } },
    { id: "function_1", type: "function", settings: { code: "return 1" } },
    { id: "advancedConditional_1", type: "advancedConditional", settings: { branches: [] } },
  ],
  workflow_connections: [
    { from: "WorkflowStartState", to: "function_1" },
    { from: "function_1", to: "advancedConditional_1" },
  ],
};

async function openStudio(
  permissions = MAKER,
  page = PAGE,
  status: "DRAFT" | "ACTIVE" = "DRAFT",
  definition: JsonObject = ORDERS as JsonObject,
  more: Handlers = {},
) {
  const fake = fakeStudio(definition, { workflow_status: status });
  const visited = visit(page, signedIn({ permissions }), QUIET, fake.handlers, {
    testStep: () => ({
      message: "success",
      item: {
        state: "NOT_SENT",
        exit: "",
        input: { url: "https://example.com/approved" },
        output: null,
        error: null,
        operation: "http.request",
        repeat: "always",
        millis: 3,
        fuel: { used: 1, limit: 100 },
      },
    }),
    ...more,
  });
  if (!page.includes("view=")) await node("WorkflowStartState");
  return { ...visited, fake };
}

describe("F6", () => {
  it("leads from area to area and around, Shift+F6 back, also from a field", async () => {
    const { user } = await openStudio(MAKER, `${PAGE}?step=email_1`);
    await screen.findByRole("tab", { name: "Notes" });
    (await node("email_1")).focus();
    const areasBy = async (keys: string): Promise<(string | undefined)[]> => {
      const areas: (string | undefined)[] = [];
      for (let press = 0; press < 4; press += 1) {
        await user.keyboard(keys);
        areas.push(document.activeElement?.closest<HTMLElement>("[data-area]")?.dataset.area);
      }
      return areas;
    };
    expect(await areasBy("{F6}")).toEqual(["side", "problems", "toolbox", "canvas"]);
    expect(focused()).toBe("email_1");
    expect(await areasBy("{Shift>}{F6}{/Shift}")).toEqual(["toolbox", "problems", "side", "canvas"]);
    expect(focused()).toBe("email_1");
  });
});

describe("Ctrl+E", () => {
  it("tries the step with the focus, without a real call, and shows what came of it", async () => {
    const { user, api } = await openStudio();
    (await node("httpRequest_1")).focus();
    await user.keyboard("{Control>}e{/Control}");
    const panel = within(await screen.findByRole("region", { name: "httpRequest_1" }));
    expect(panel.getByRole("tab", { name: "Data" }).getAttribute("aria-selected")).toBe("true");
    await waitFor(() =>
      expect(api.calls.filter(([id]) => id === "testStep").map(([, input]) => input)).toMatchObject([
        { step_id: "httpRequest_1", send: false, i_know: false },
      ]),
    );
    await panel.findByText(/example\.com\/approved/);
  });

  it("tries the step again from a field of its panel, and once for each press", async () => {
    const { user, api } = await openStudio();
    await user.click(await node("email_1"));
    (await screen.findByRole("tab", { name: "JSON" })).focus();
    await user.keyboard("{Control>}e{/Control}");
    await waitFor(() => expect(api.calls.filter(([id]) => id === "testStep")).toHaveLength(1));
    await user.keyboard("{Control>}e{/Control}");
    await waitFor(() => expect(api.calls.filter(([id]) => id === "testStep")).toHaveLength(2));
  });

  it.each(["function_1", "advancedConditional_1"])("shows what came of %s, whose form has a try too", async (id) => {
    const { user, api } = await openStudio(MAKER, PAGE, "DRAFT", TRIED);
    (await node(id)).focus();
    await user.keyboard("{Control>}e{/Control}");
    await screen.findByText(/example\.com\/approved/);
    expect(screen.getByRole("tab", { name: "Data" }).getAttribute("aria-selected")).toBe("true");
    expect(api.calls.filter(([called]) => called === "testStep")).toHaveLength(1);
  });

  it("shows what came of it in the large panel, which keeps its settings and the focus", async () => {
    const { user, api } = await openStudio(MAKER, PAGE, "DRAFT", TRIED);
    await user.click(await node("function_1"));
    const panel = within(await screen.findByRole("region", { name: "function_1" }));
    await user.click(panel.getByRole("button", { name: "Larger" }));
    const larger = document.activeElement;
    await user.keyboard("{Control>}e{/Control}");
    await screen.findByText(/example\.com\/approved/);
    expect(screen.getByRole("tab", { name: "Settings" }).getAttribute("aria-selected")).toBe("true");
    expect(document.activeElement).toBe(larger);
    expect(api.calls.filter(([called]) => called === "testStep")).toHaveLength(1);
  });

  it("leads from a field of the settings, which goes, to the tab of the data", async () => {
    const { user } = await openStudio();
    await user.click(await node("httpRequest_1"));
    const panel = within(await screen.findByRole("region", { name: "httpRequest_1" }));
    const [field] = panel.getAllByRole<HTMLElement>("textbox");
    field?.focus();
    expect(document.activeElement).toBe(field);
    await user.keyboard("{Control>}e{/Control}");
    await panel.findByText(/example\.com\/approved/);
    expect(document.activeElement).toBe(panel.getByRole("tab", { name: "Data" }));
  });

  it("waits for the sample and the environment, so that the first try has them too", async () => {
    const given = answerLater();
    const { user, api } = await openStudio(MAKER, PAGE, "DRAFT", ORDERS as JsonObject, {
      getProfiles: () => given.promise,
      getSamples: ({ workflow_id }) => {
        const payloads = [{ name: "A", body: { po: "4711" }, from_execution: "" }];
        const item = { workflow_id, revision: 1, payloads, outputs: {}, modified_by: null, modified_on: null };
        return { message: "success", item };
      },
    });
    (await node("httpRequest_1")).focus();
    await user.keyboard("{Control>}e{/Control}");
    await waitFor(() => expect(api.calls.map(([id]) => id)).toEqual(expect.arrayContaining(["getProfiles"])));
    await screen.findByRole("option", { name: "A" });
    expect(api.calls.map(([id]) => id)).not.toContain("testStep");
    given.resolve({ message: "success", count: 1, items: [{ is_default: true, values: { host: "sap" } }] } as never);
    await waitFor(() =>
      expect(api.calls.filter(([id]) => id === "testStep").map(([, input]) => input)).toMatchObject([
        { data: { payload: { output: { po: "4711" } }, environment: { host: "sap" } } },
      ]),
    );
  });

  it("is given up for a step that is left before it could be tried", () => {
    const store = storeWith(ORDERS);
    const asked = askedTry(store);
    store.getState().select("email_1");
    asked.setState({ step: "email_1" });
    store.getState().select("email_1", "/settings/to");
    expect(asked.getState().step).toBe("email_1");
    store.getState().select("delay_1");
    expect(asked.getState().step).toBeNull();
  });

  it("does nothing at the start, and nothing for who may not edit", async () => {
    const { user, api, unmount } = await openStudio();
    (await node("WorkflowStartState")).focus();
    await user.keyboard("{Control>}e{/Control}");
    expect(screen.queryByRole("region", { name: "WorkflowStartState" })).toBeNull();
    unmount();
    const reader = await openStudio(MAKER.filter((each) => each !== "edit.drafts"));
    (await node("email_1")).focus();
    await reader.user.keyboard("{Control>}e{/Control}");
    expect(screen.queryByRole("region", { name: "email_1" })).toBeNull();
    expect([...api.calls, ...reader.api.calls].map(([id]) => id)).not.toContain("testStep");
  });
});

describe("Ctrl+Shift+A", () => {
  it("opens what is looked at before a draft is activated", async () => {
    const { user, api } = await openStudio();
    (await node("email_1")).focus();
    await user.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
    await waitFor(() => expect(api.calls.map(([id]) => id)).toContain("previewActivation"));
    await screen.findByRole("dialog");
  });

  it("does nothing for an active version, nor without the right to activate", async () => {
    for (const [permissions, status] of [
      [MAKER, "ACTIVE"],
      [MAKER.filter((each) => each !== "activate"), "DRAFT"],
    ] as const) {
      const { user, api, unmount } = await openStudio(permissions, PAGE, status);
      (await node("email_1")).focus();
      await user.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
      expect(api.calls.map(([id]) => id)).not.toContain("previewActivation");
      unmount();
    }
  });
});

describe("F3", () => {
  it("opens find while nothing was searched", async () => {
    const { user } = await openStudio();
    (await node("email_1")).focus();
    await user.keyboard("{F3}");
    await screen.findByRole("searchbox", { name: "Find in the workflow" });
  });

  it("leads from hit to hit on the graph and around, Shift+F3 back", async () => {
    const { user } = await openStudio();
    await user.keyboard("{Control>}f{/Control}");
    await user.type(await screen.findByRole("searchbox", { name: "Find in the workflow" }), "example.com");
    await screen.findByText("2 steps found");
    await user.keyboard("{F3}");
    await waitFor(() => expect(focused()).toBe("approval_1"));
    expect(screen.queryByRole("searchbox", { name: "Find in the workflow" })).toBeNull();
    await user.keyboard("{F3}");
    await waitFor(() => expect(focused()).toBe("httpRequest_1"));
    await user.keyboard("{F3}");
    await waitFor(() => expect(focused()).toBe("approval_1"));
    await user.keyboard("{Shift>}{F3}{/Shift}");
    await waitFor(() => expect(focused()).toBe("httpRequest_1"));
    await user.keyboard("{Control>}f{/Control}");
    const field: HTMLInputElement = await screen.findByRole("searchbox", { name: "Find in the workflow" });
    expect(field.value).toBe("example.com");
  });

  it("opens the block that hides a hit, and works in the outline too", async () => {
    const { user, unmount } = await openStudio();
    (await node("parallel_1")).focus();
    await user.keyboard("[[");
    await waitFor(() => expect(document.querySelector('[data-step="delay_1"]')).toBeNull());
    await user.keyboard("{Control>}f{/Control}");
    await user.type(await screen.findByRole("searchbox", { name: "Find in the workflow" }), "PT1H");
    await user.keyboard("{F3}");
    await waitFor(() => expect(focused()).toBe("delay_1"));
    unmount();
    const { user: other } = await openStudio(MAKER, `${PAGE}?view=outline`);
    await screen.findByRole("tree");
    await other.keyboard("{Control>}f{/Control}");
    await other.type(await screen.findByRole("searchbox", { name: "Find in the workflow" }), "PT1H");
    await other.keyboard("{F3}");
    await waitFor(() => expect(focused()).toBe("delay_1"));
    expect((document.activeElement as HTMLElement).getAttribute("role")).toBe("treeitem");
  });

  it("leads from hit to hit in the list of find while the view is the JSON alone", async () => {
    const { user } = await openStudio(MAKER, `${PAGE}?view=json`);
    await screen.findByRole("group", { name: "View" });
    await user.keyboard("{Control>}f{/Control}");
    await user.type(await screen.findByRole("searchbox", { name: "Find in the workflow" }), "example.com");
    await user.keyboard("{F3}");
    await waitFor(() => expect(focused()).toBe("approval_1"));
    expect((document.activeElement as HTMLElement).getAttribute("role")).toBe("treeitem");
    await user.keyboard("{F3}");
    await waitFor(() => expect(focused()).toBe("httpRequest_1"));
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("searchbox", { name: "Find in the workflow" })).toBeNull());
    await user.keyboard("{F3}");
    await waitFor(() => expect(focused()).toBe("approval_1"));
  });

  it("shows that there is no hit", async () => {
    const { user } = await openStudio();
    await user.keyboard("{Control>}f{/Control}");
    await user.type(await screen.findByRole("searchbox", { name: "Find in the workflow" }), "nowhere");
    await user.keyboard("{Escape}");
    (await node("email_1")).focus();
    await user.keyboard("{F3}");
    await screen.findByText("0 steps found");
  });
});

describe("the palette and the menu of a step", () => {
  it("have the same acts with their keys", async () => {
    const { user, api } = await openStudio();
    (await node("email_1")).focus();
    await user.keyboard("{Control>}k{/Control}");
    const palette = within(await screen.findByRole("dialog"));
    await user.type(palette.getByRole("combobox"), "Try this");
    const option = await palette.findByRole("option", { name: /Try this step/ });
    expect(option.textContent).toContain("Ctrl E");
    await user.keyboard("{Escape}");
    await user.pointer({ keys: "[MouseRight]", target: await node("email_1") });
    await user.click(await screen.findByRole("menuitem", { name: /Try this step/ }));
    await waitFor(() => expect(api.calls.map(([id]) => id)).toContain("testStep"));
  });
});

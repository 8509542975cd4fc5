/** A large workflow in the Studio: what is not on the screen is not in the page, and keys lead there all the same. */

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Session } from "../../src/session/session";
import type { JsonObject } from "../../src/shared/http";
import { visit } from "../fakes/app";
import { sessionOf, signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";
import { EMPTY, edgesIn } from "./definitions";

const STEPS = 200;
const PAGE = "/workflows/workflow-1/v/5";
const MAKER: Session["permissions"] = [
  ...new Set([...sessionOf().permissions, "read.definitions" as const, "edit.drafts" as const]),
];

/** Returns a chain of waits behind the start. */
function chain(): JsonObject {
  const ids = Array.from({ length: STEPS }, (_, at) => `wait_${at + 1}`);
  const steps = ids.map((id) => ({ id, type: "delay", settings: { for: "PT1H" } }));
  const edges = ids.map((to, at) => ({ from: ids[at - 1] ?? "WorkflowStartState", to }));
  return {
    ...EMPTY,
    workflow_steps: [...(EMPTY.workflow_steps as JsonObject[]), ...steps],
    workflow_connections: edges,
  };
}

function node(id: string): HTMLElement | null {
  return document.querySelector(`[data-step="${id}"]`);
}

const panel = (): HTMLElement | null => document.querySelector("aside[data-area=side]");

async function openLarge() {
  const fake = fakeStudio(chain());
  const visited = visit(PAGE, signedIn({ permissions: MAKER }), fake.handlers);
  await waitFor(() => expect(document.activeElement).toBe(node("WorkflowStartState")));
  expect(node("WorkflowStartState")).not.toBeNull();
  return { ...visited, fake };
}

const focused = (): string | undefined => (document.activeElement as HTMLElement | null)?.dataset.step;

describe("a large workflow", () => {
  it("has in the page what is on the screen, and each step that the keys lead to", async () => {
    const { user } = await openLarge();
    const drawn = document.querySelectorAll("button[data-step]").length;
    expect(drawn).toBeGreaterThan(5);
    expect(drawn).toBeLessThan(50);
    expect(node("wait_200")).toBeNull();
    await user.keyboard("{End}");
    await waitFor(() => expect(focused()).toBe("wait_200"));
    await user.keyboard("{ArrowUp}{ArrowUp}");
    await waitFor(() => expect(focused()).toBe("wait_198"));
    await user.keyboard("{Home}");
    await waitFor(() => expect(focused()).toBe("WorkflowStartState"));
    await user.click(screen.getByRole("button", { name: "Outline" }));
    expect(within(screen.getByRole("tree")).getAllByRole("treeitem")).toHaveLength(STEPS + 1);
  });

  it("shows the place that is chosen for a step that moves, wherever it is", async () => {
    const { user, fake } = await openLarge();
    await user.keyboard("{ArrowDown}");
    await waitFor(() => expect(focused()).toBe("wait_1"));
    expect(document.querySelector('[data-plus="wait_200 next"]')).toBeNull();
    await user.keyboard("m");
    await screen.findByText(/^Move “wait_1”/);
    await user.keyboard("{ArrowUp}");
    await waitFor(() => expect(document.querySelector('[data-plus="wait_200 next"]')).not.toBeNull());
    await user.keyboard("{Enter}{Control>}s{/Control}");
    await waitFor(() => expect(edgesIn(fake.stored.definition)).toContain("wait_200 next wait_1"));
  });

  it("draws a step that is added, with its panel, and takes it away again", async () => {
    const { user } = await openLarge();
    await user.keyboard("a");
    await user.type(await screen.findByRole("combobox"), "e-mail{Enter}");
    await waitFor(() => expect(focused()).toBe("email_1"));
    await waitFor(() => expect(panel()?.textContent).toContain("email_1"));
    expect(node("wait_1")?.textContent).toContain(`step 3 of ${STEPS + 2}`);
    await user.keyboard("{Control>}z{/Control}");
    await waitFor(() => expect(node("email_1")).toBeNull());
    expect(panel()).toBeNull();
    expect(node("wait_1")?.textContent).toContain(`step 2 of ${STEPS + 1}`);
  });
});

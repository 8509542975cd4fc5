/** What is typed into a panel draws the step that shows it, and no other: counted in a workflow of a hundred steps. */

import { screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { JsonObject } from "../../src/shared/http";
import { visit } from "../fakes/app";
import { sessionOf, signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";
import { EMPTY } from "./definitions";

const STEPS = 90;
const MAKER = [...new Set([...sessionOf().permissions, "read.definitions" as const, "edit.drafts" as const])];

/** The steps that were drawn, in order. */
const drawn = vi.hoisted((): string[] => []);

vi.mock("../../src/studio/canvas/StudioNode", async (original) => {
  const { memo } = await import("react");
  const { StudioNode } = await original<typeof import("../../src/studio/canvas/StudioNode")>();
  const draw = StudioNode.type;
  return {
    StudioNode: memo((props: Parameters<typeof draw>[0]) => {
      drawn.push(props.step);
      return draw(props);
    }),
  };
});

/** Returns a chain of mails; it is small enough to be drawn as a whole. */
function chain(): JsonObject {
  const ids = Array.from({ length: STEPS }, (_, at) => `email_${at + 1}`);
  const steps = ids.map((id) => ({
    id,
    type: "email",
    description: `Mail ${id}`,
    settings: { to: [] },
    retry: { max_attempts: 3 },
  }));
  const edges = ids.map((to, at) => ({ from: ids[at - 1] ?? "WorkflowStartState", to }));
  return {
    ...EMPTY,
    workflow_steps: [...(EMPTY.workflow_steps as JsonObject[]), ...steps],
    workflow_connections: edges,
  };
}

async function openPanel() {
  const fake = fakeStudio(chain());
  const { user } = visit("/workflows/workflow-1/v/5?step=email_7", signedIn({ permissions: MAKER }), fake.handlers);
  await screen.findByRole("tab", { name: "Notes" });
  await waitFor(() => expect(document.querySelectorAll("button[data-step]")).toHaveLength(STEPS + 1));
  return { user, fake };
}

beforeEach(() => {
  drawn.length = 0;
});

describe("a key that is typed into a panel", () => {
  it("draws the step whose name it changes, and no other", async () => {
    const { user } = await openPanel();
    await user.click(screen.getByRole("tab", { name: "Notes" }));
    await user.click(await screen.findByRole("textbox", { name: "Description" }));
    drawn.length = 0;
    await user.keyboard(" twice");
    await waitFor(() =>
      expect(document.querySelector('[data-step="email_7"]')?.textContent).toContain("Mail email_7 twice"),
    );
    expect(drawn.length).toBeGreaterThan(0);
    expect(new Set(drawn)).toEqual(new Set(["email_7"]));
    expect(drawn.length).toBeLessThanOrEqual(" twice".length);
  });

  it("draws no step where none shows what it changes", async () => {
    const { user, fake } = await openPanel();
    await user.click(screen.getByRole("tab", { name: "Errors" }));
    const attempts = await screen.findByRole("textbox", { name: "Attempts" });
    await user.click(attempts);
    drawn.length = 0;
    await user.keyboard("0");
    expect((attempts as HTMLInputElement).value).toBe("30");
    expect(drawn).toEqual([]);
    await user.keyboard("{Control>}s{/Control}");
    await waitFor(() => expect(JSON.stringify(fake.stored.definition)).toContain('"max_attempts":30'));
  });
});

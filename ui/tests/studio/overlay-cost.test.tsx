/** What an execution on the graph costs while the workflow is edited. */

import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import type { JsonObject } from "../../src/shared/http";
import { withFolds } from "../../src/studio/overlay/overlay";
import { visit } from "../fakes/app";
import { ITEM, withExecution } from "../fakes/executions";
import { QUIET } from "../fakes/panel";
import { sessionOf, signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";
import { ORDERS } from "./definitions";

vi.mock(import("../../src/studio/overlay/overlay"), async (original) => {
  const module = await original();
  return { ...module, withFolds: vi.fn(module.withFolds) };
});

it("is nothing for each key typed, also with a block that is folded", async () => {
  const permissions = [...new Set([...sessionOf().permissions, "read.definitions" as const, "edit.drafts" as const])];
  const { workflow_details } = ITEM;
  const item = { ...ITEM, workflow_details: { ...workflow_details, ...(ORDERS as JsonObject) } };
  const fake = fakeStudio(ORDERS as JsonObject);
  const page = "/workflows/workflow-1/v/5?execution=execution-1&step=email_1";
  visit(page, signedIn({ permissions }), QUIET, withExecution(), fake.handlers, {
    getWorkflowExecutionById: () => ({ message: "success", item }),
  });
  const head = await waitFor(() => {
    const found = document.querySelector<HTMLElement>('button[data-step="parallel_1"][data-tone]');
    if (found === null) throw new Error("parallel_1 shows nothing of the execution");
    return found;
  });
  head.focus();
  fireEvent.keyDown(head, { key: "[" });
  await waitFor(() => expect(document.querySelector('[data-step="delay_1"]')).toBeNull());
  fireEvent.click(await screen.findByRole("tab", { name: "Notes" }));
  const field = await screen.findByRole("textbox", { name: "Description" });
  const before = vi.mocked(withFolds).mock.calls.length;
  expect(before).toBeGreaterThan(0);
  fireEvent.change(field, { target: { value: "Tell the buyer" } });
  await waitFor(() =>
    expect(document.querySelector('[data-step="email_1"]')?.getAttribute("title")).toBe("Tell the buyer"),
  );
  expect(vi.mocked(withFolds).mock.calls).toHaveLength(before);
});

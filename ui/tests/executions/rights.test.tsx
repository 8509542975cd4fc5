/** Pages of a person who may read executions, but not their data: no call asks for data, and each page says why. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { FakeApi } from "../fakes/api";
import { visit } from "../fakes/app";
import { executionRow, explanation, withExecution } from "../fakes/executions";
import { withOperations } from "../fakes/operations";
import { sessionOf, signedIn } from "../fakes/people";

interface Described {
  operationId: string;
  description?: string;
}

const text = readFileSync(resolve(import.meta.dirname, "../../../docs/reference/openapi.json"), "utf-8");
const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, Described>> };
const calls = Object.values(paths).flatMap((methods) => Object.values(methods));
const OF_DATA = new Set(
  calls.filter(({ description = "" }) => description.includes("`read.payloads`.")).map((each) => each.operationId),
);

const VIEWER = sessionOf().permissions.filter((each) => each !== "read.payloads" && each !== "repair");
const viewer = signedIn({ permissions: VIEWER });
const rows = {
  getExecutionRows: () => ({ message: "success", count: 1, items: [executionRow()] }),
  getOrganizationWorkflows: () => ({ message: "success", count: 0, items: [] }),
};

function expectNoData(api: FakeApi): void {
  expect(api.calls.map(([id]) => id).filter((id) => OF_DATA.has(id))).toEqual([]);
}

describe("without the right to read data", () => {
  it("is known which calls give data", () => {
    expect(OF_DATA.size).toBeGreaterThan(8);
    expect([...OF_DATA]).toEqual(
      expect.arrayContaining(["getExecutionLog", "getExecutionAt", "getEventData", "getLetters"]),
    );
  });

  it("an execution has its reason by its code, without what the other system said", async () => {
    const hidden = { state: "release", code: "HTTP_503", message: "***" };
    const { api } = visit("/executions/execution-1", viewer, withExecution(), {
      explainExecution: () => ({ message: "success", item: explanation({ values: hidden }) }),
    });
    await screen.findByText(/“release” failed: HTTP_503/);
    await screen.findByText(/You need the right “read.payloads”/);
    expect(document.body.textContent).not.toContain("***");
    expectNoData(api);
  });

  it("an address of its data shows none", async () => {
    const { api } = visit("/executions/execution-1?tab=data&seq=3", viewer, withExecution());
    await screen.findByText(/You need the right “read.payloads”/);
    expectNoData(api);
  });

  it("another run is offered only with its right, and reads no log", async () => {
    const { api, user } = visit("/executions/execution-1", viewer, withExecution());
    await user.click(await screen.findByRole("button", { name: "More" }));
    const rerun = await screen.findByRole("menuitem", { name: "Start again with the same input" });
    expect(rerun.getAttribute("aria-disabled")).toBe("true");
    expectNoData(api);
  });

  it("the history has no search fields, and says why", async () => {
    const { api, user } = visit("/executions", viewer, rows);
    await user.click(await screen.findByRole("button", { name: "Columns" }));
    await screen.findByText("Search fields: you need the right “read.payloads”");
    expectNoData(api);
  });

  it("incidents are listed without their messages, and say why", async () => {
    const { api, user } = visit("/operations/incidents", viewer, withOperations());
    await user.click(await screen.findByRole("button", { name: "Executions: “release” failed" }));
    await screen.findByText(/You need the right “read.payloads”/);
    expect(screen.queryByRole("columnheader", { name: "Message" })).toBeNull();
    expectNoData(api);
  });

  it("dead letters are refused with the name of the right", async () => {
    const { api } = visit("/operations/letters?letter=letter-1", viewer, withOperations());
    await screen.findByText(/You need the right “read.payloads”/);
    expectNoData(api);
  });

  it.each(["systems", "cards", "bulks", "bulks/bulk-1", "schedules"])("the page of %s asks for none", async (part) => {
    const { api } = visit(`/operations/${part}`, viewer, withOperations());
    await waitFor(() => expect(api.calls.length).toBeGreaterThan(3));
    await screen.findByRole("heading", { level: 1 });
    expectNoData(api);
  });
});

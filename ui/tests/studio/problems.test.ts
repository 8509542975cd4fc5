import { describe, expect, it } from "vitest";
import { stepById } from "../../src/studio/document/definition";
import type { StudioFinding } from "../../src/studio/document/store";
import { fixesOf } from "../../src/studio/problems/fixes";
import { noteOf } from "../../src/studio/problems/known";
import { tellingLine } from "../../src/studio/steps/telling";
import { done, edgesIn, ORDERS } from "./definitions";

function finding(changes: Partial<StudioFinding>): StudioFinding {
  return { severity: "warning", step: null, field: "", path: "", message: "", hint: "", ...changes };
}

describe("what can be done about a finding at once", () => {
  it("is what its hint names, where a whole text is replaced", () => {
    const suggestion = { hint: "did you mean 'PT2H'?", hint_code: "DID_YOU_MEAN", values: { suggestion: "PT2H" } };
    const wrong = finding({ step: "delay_1", field: "/settings/for", ...suggestion });
    const [fix] = fixesOf(ORDERS, wrong);
    if (fix?.kind !== "rename") throw new Error("no fix");
    expect(stepById(done(ORDERS, fix.plan(ORDERS)), "delay_1")?.settings).toEqual({ for: "PT2H" });
    expect(fixesOf(ORDERS, { ...wrong, field: "/settings/none" })).toEqual([]);
    expect(fixesOf(ORDERS, { ...wrong, field: "/id" })).toEqual([]);
    expect(fixesOf(ORDERS, { ...wrong, step: "httpRequest_1", field: "/settings/url" })).toEqual([]);
  });

  it("is a step or an end at an open exit", () => {
    const values = { exit: "rejected", step: "approval_1" };
    const open = finding({ step: "approval_1", code: "EXIT_OPEN", values });
    const [connect, end] = fixesOf(ORDERS, open);
    expect(connect).toEqual({ kind: "connect", from: "approval_1", exit: "rejected" });
    if (end?.kind !== "end") throw new Error("no end");
    expect(edgesIn(done(ORDERS, end.plan(ORDERS)))).toContain("approval_1 rejected terminate_2");
    const start = finding({ step: "WorkflowStartState", code: "START_OPEN" });
    expect(fixesOf(ORDERS, start)).toMatchObject([{ kind: "connect", exit: "next" }]);
    expect(fixesOf(ORDERS, { ...start, code: "NEVER_REACHED" })).toEqual([]);
  });
});

describe("a known warning", () => {
  it("is one of that step with that message, and never an error", () => {
    const known = [{ step: "email_1", message: "is long", note: "on purpose" }];
    expect(noteOf(finding({ step: "email_1", message: "is long" }), known)).toBe("on purpose");
    expect(noteOf(finding({ step: "email_1", message: "is short" }), known)).toBeNull();
    expect(noteOf(finding({ step: "email_1", message: "is long", severity: "error" }), known)).toBeNull();
  });
});

describe("the second line of a node", () => {
  it.each([
    [
      "httpRequest",
      { method: "GET", url: "https://rates.example.com/${payload.output.day}" },
      "GET rates.example.com/${payload.output.day}",
    ],
    [
      "approval",
      { recipients: ["manager@example.com", "ben@example.com"], quorum: 1, timeout: "P3D" },
      "manager@, ben@, 1, 3 d",
    ],
    ["approval", { recipients: "manager@example.com", quorum: "any", timeout: "P1DT2H" }, "manager@, 1, P1DT2H"],
    ["delay", { for: "PT2H" }, "2 h"],
    ["terminate", { status: "COMPLETED", reason: "rejected" }, "rejected"],
    ["terminate", { status: "FAILED", reason: "no supplier" }, "✗ no supplier"],
    [
      "conditional",
      { rules: [{ variable: "${payload.output.amount}", operator: "NumericGreaterThan", value: 1000 }] },
      "amount > 1000",
    ],
    ["conditional", { rules: [] }, ""],
    ["redirect", { target: "wait_1", max_visits: 10 }, "↩ wait_1 (10)"],
    ["sapRequest", { method: "GET", service_path: "/sap/opu/odata/sap/API_X" }, "GET API_X"],
    ["trigger", { trigger_type: "SCHEDULED", schedule: { cron: "0 6 * * *" } }, "0 6 * * *"],
    ["newer", { any: 1 }, ""],
    ["httpRequest", { url: 3, method: [] }, "3"],
  ])("%s says what it does", (type, settings, line) => {
    expect(tellingLine(type, settings)).toBe(line);
  });
});

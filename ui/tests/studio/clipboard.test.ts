import { describe, expect, it } from "vitest";
import { START } from "../../src/graph/outline";
import { copySteps, MOST_PASTED, readPasted } from "../../src/studio/document/commands/clipboard";
import { curlStep } from "../../src/studio/document/commands/curl";
import { insertAt } from "../../src/studio/document/commands/insert";
import { stepById } from "../../src/studio/document/definition";
import { namesIn, renameInText } from "../../src/studio/document/references";
import { done, EMPTY, edgesIn, ORDERS } from "./definitions";

function pasted(text: string, document = ORDERS) {
  const found = readPasted(document, text);
  if (found.kind !== "steps") throw new Error(`pasted ${found.kind}`);
  return found;
}

describe("copied steps", () => {
  it("come with new ids, and what they read of each other follows", () => {
    const text = copySteps(ORDERS, ["conditional_1"]) ?? "";
    const { fragment } = pasted(text);
    const next = done(ORDERS, insertAt(ORDERS, { from: "join_1", exit: "next" }, fragment, "paste"));
    expect(stepById(next, "httpRequest_2")?.settings).toMatchObject({
      url: "https://example.com/${approval_2.output.outcome}",
    });
    expect(edgesIn(next)).toEqual(
      expect.arrayContaining([
        "join_1 next conditional_2",
        "conditional_2 yes approval_2",
        "approval_2 approved terminate_1",
        "httpRequest_2 next terminate_1",
      ]),
    );
  });

  it("keep their ids in another workflow, and say what they read there", () => {
    const { fragment, outside } = pasted(copySteps(ORDERS, ["httpRequest_1"]) ?? "", EMPTY);
    expect(fragment.steps.map(({ id }) => id)).toEqual(["httpRequest_1"]);
    expect(outside).toEqual(["approval_1"]);
    const next = done(EMPTY, insertAt(EMPTY, { from: START, exit: "next" }, fragment, "paste"));
    expect(edgesIn(next)).toEqual([`${START} next httpRequest_1`]);
  });

  it("keep what is no code byte for byte, also where it looks like an expression", () => {
    const body = [
      "approval_1 says `${'approval_1'}` and it's \\${approval_1.output} or \\\\${approval_1}",
      '${`approval_1 \\${approval_1} \\` approval_1 ${"approval_1 }"} $ {approval_1}`} approval_1}',
      "${x.approval_1 + $approval_1 + 'it\\'s approval_1'}\r\n\t{approval_1}",
    ];
    const settings = { body, code: "`${approval_1}`", schema: { title: "${approval_1}" } };
    const steps = [
      { id: "approval_1", type: "approval", settings: {} },
      { id: "script_1", type: "script", description: "After ${approval_1}", settings },
    ];
    const { fragment } = pasted(
      JSON.stringify({ looply: "steps", version: 1, entry: "approval_1", workflow_steps: steps }),
    );
    expect(fragment.steps).toEqual([{ ...steps[0], id: "approval_2" }, steps[1]]);
  });

  it("say which steps they read by any id, and no other names", () => {
    const steps = (ORDERS.workflow_steps as { id: string }[]).map((step) =>
      step.id === "httpRequest_1"
        ? { ...step, settings: { url: "${check.output + payload.line_1 + sha_256('a')}" } }
        : step,
    );
    const checked = { ...ORDERS, workflow_steps: [...steps, { id: "check", type: "delay", settings: {} }] };
    expect(pasted(copySteps(checked, ["httpRequest_1"]) ?? "", EMPTY).outside).toEqual(["check"]);
    expect(pasted('{"looply":"steps","workflow_steps":[{"id":"a","type":"delay","settings":{}}]}').outside).toEqual([]);
  });

  it("keep a join with its parallel", () => {
    const { fragment } = pasted(copySteps(ORDERS, ["parallel_1"]) ?? "");
    const join = fragment.steps.find(({ type }) => type === "join");
    expect(join?.settings).toEqual({ of: "parallel_2" });
  });
});

describe("a paste of something else", () => {
  it.each([
    ["", "clipboard-empty"],
    ["<p>markup</p>", "clipboard-text"],
    ['{"nodes":[],"connections":{}}', "clipboard-foreign"],
    ['{"workflow_steps":[]}', "clipboard-foreign"],
    ['{"looply":"steps","workflow_steps":[{"no":"id"}]}', "clipboard-foreign"],
    ["curl 'unclosed", "clipboard-text"],
    ["x".repeat(MOST_PASTED + 1), "clipboard-large"],
  ])("is refused kindly: %.40s", (text, why) => {
    expect(readPasted(ORDERS, text)).toMatchObject({ kind: "refused", refusal: { why } });
  });

  it("of 10 MB is refused at once", () => {
    const before = performance.now();
    expect(readPasted(ORDERS, "[".repeat(10_000_000))).toMatchObject({ kind: "refused" });
    expect(performance.now() - before).toBeLessThan(100);
  });

  it("of a definition offers a new workflow", () => {
    expect(readPasted(EMPTY, JSON.stringify(ORDERS))).toMatchObject({ kind: "workflow" });
  });

  it("of a curl command makes a request", () => {
    const { fragment } = pasted("curl -X PUT https://example.com/a -H 'X-Key: 1' \\\n --data '{\"a\":1}'");
    expect(fragment.steps[0]).toEqual({
      id: "httpRequest_2",
      type: "httpRequest",
      settings: { method: "PUT", url: "https://example.com/a", headers: { "x-key": "1" }, body: { a: 1 } },
    });
  });
});

describe("a curl command", () => {
  it.each([
    ["curl example.com", { method: "GET", url: "http://example.com" }],
    [
      "curl -d a=1 -d b=2 https://e.com",
      { method: "POST", url: "https://e.com", body_type: "urlencoded", body: { a: "1", b: "2" } },
    ],
    ["curl -G -d q=1 'https://e.com/?x=2'", { method: "GET", url: "https://e.com/?x=2&q=1" }],
    ["curl -u me:secret -sS --max-time 3 https://e.com", { method: "GET", url: "https://e.com" }],
    ["curl -I https://e.com", { method: "HEAD", url: "https://e.com" }],
  ])("%s", (text, settings) => {
    expect(curlStep(text)).toEqual(settings);
  });

  it("is nothing else", () => {
    expect(curlStep("curly https://e.com")).toBeNull();
    expect(curlStep("curl -X POST")).toBeNull();
  });
});

describe("references", () => {
  const names = new Map([["a_1", "b_2"]]);

  it.each([
    ["${a_1.output.x} a_1", "${b_2.output.x} a_1"],
    ["${payload.a_1 + a_1['a_1'] + \"a_1\"}", "${payload.a_1 + b_2['a_1'] + \"a_1\"}"],
    ["${foreach(a_1.output, x, x.a_1)} ${a_11}", "${foreach(b_2.output, x, x.a_1)} ${a_11}"],
    ["${json({a_1: a_1.x})}", "${json({a_1: b_2.x})}"],
    ["${a_1.x", "${b_2.x"],
    ["${`a_1 ${a_1.x + `a_1 ${a_1}`} a_1` + a_1} a_1", "${`a_1 ${b_2.x + `a_1 ${b_2}`} a_1` + b_2} a_1"],
    ["${json({x: `${{a_1: a_1}}`})} ${a_1}", "${json({x: `${{a_1: b_2}}`})} ${b_2}"],
    ["\\${a_1} ${a_1 }", "\\${a_1} ${b_2 }"],
    ["${$a_1 . a_1} ${ [a_1 ,a_1] }", "${$a_1 . a_1} ${ [b_2 ,b_2] }"],
  ])("%s", (text, renamed) => {
    expect(renameInText(text, names)).toBe(renamed);
  });

  it("are found at the roots of paths", () => {
    expect([...namesIn({ x: ["${a_1.b.c}", "${d}"] })]).toEqual(["a_1", "d"]);
  });
});

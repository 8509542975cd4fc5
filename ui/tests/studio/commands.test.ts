import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutOf } from "../../src/graph/layout";
import { START } from "../../src/graph/outline";
import { NODE } from "../../src/graph/sizes";
import { prettyExact } from "../../src/shared/exact";
import { ADDABLE } from "../../src/studio/document/commands/blanks";
import { addBranch, deleteBranch, moveBranch, renameBranch } from "../../src/studio/document/commands/branches";
import { connect, targetsOf } from "../../src/studio/document/commands/connect";
import { extract } from "../../src/studio/document/commands/extract";
import { addStep } from "../../src/studio/document/commands/insert";
import { editJson } from "../../src/studio/document/commands/json-edit";
import { moveBlock } from "../../src/studio/document/commands/move";
import { deleteBlock, deleteStep, waysOn } from "../../src/studio/document/commands/remove";
import { refusalOfId } from "../../src/studio/document/commands/rename";
import { changeSetting } from "../../src/studio/document/commands/settings";
import { changeType } from "../../src/studio/document/commands/types";
import { wrap } from "../../src/studio/document/commands/wrap";
import { edgesOf, exitOf, stepById } from "../../src/studio/document/definition";
import { crossingsOf, shapeOf } from "../../src/studio/document/shape";
import { ACTS, done, EMPTY, edgesIn, idsIn, ORDERS, planned, storeOf } from "./definitions";

const at = (from: string, exit = "next") => ({ from, exit });

describe("random edits", () => {
  it("are undone to what was there and redone to the same", () => {
    fc.assert(
      fc.property(ACTS, (acts) => {
        let time = 0;
        const store = storeOf(ORDERS, () => (time += 5_000));
        for (const act of acts) store.getState().attempt(planned(store.getState().document, act));
        const edited = store.getState().document;
        while (store.getState().log.done.length > 0) store.getState().undo();
        expect(store.getState().document).toEqual(ORDERS);
        expect(JSON.stringify(store.getState().document)).toBe(JSON.stringify(ORDERS));
        while (store.getState().log.undone.length > 0) store.getState().redo();
        expect(JSON.stringify(store.getState().document)).toBe(JSON.stringify(edited));
      }),
    );
  });

  it("leave a graph in which every edge has two ends, an exit of its own, and stays in its branch", () => {
    fc.assert(
      fc.property(ACTS, (acts) => {
        const store = storeOf(ORDERS);
        for (const act of acts) store.getState().attempt(planned(store.getState().document, act));
        const { document } = store.getState();
        const { outline } = shapeOf(document);
        expect(idsIn(document)).toHaveLength(new Set(idsIn(document)).size);
        const exits = edgesOf(document).map((edge) => `${edge.from} ${exitOf(edge)}`);
        expect(exits).toHaveLength(new Set(exits).size);
        for (const edge of edgesOf(document)) {
          expect(outline.steps.get(edge.from)?.exits).toContain(exitOf(edge));
          expect(outline.steps.has(edge.to)).toBe(true);
        }
        expect(crossingsOf(shapeOf(document))).toBe(0);
      }),
    );
  });

  it("are drawn without overlap, downwards, in the order of exits", () => {
    fc.assert(
      fc.property(ACTS, (acts) => {
        const store = storeOf(ORDERS);
        for (const act of acts) store.getState().attempt(planned(store.getState().document, act));
        const { outline } = shapeOf(store.getState().document);
        const { nodes, edges } = layoutOf(outline);
        expect(nodes).toHaveLength(outline.steps.size);
        for (const [index, node] of nodes.entries()) {
          const hit = nodes
            .slice(index + 1)
            .filter((other) => Math.abs(node.x - other.x) < NODE.width && Math.abs(node.y - other.y) < NODE.height);
          expect(hit).toEqual([]);
        }
        const top = new Map(nodes.map(({ step, y }) => [step, y]));
        for (const edge of edges.filter(({ from, to }) => from !== to)) {
          expect((top.get(edge.to) ?? 0) > (top.get(edge.from) ?? 0)).toBe(!edge.isBack);
        }
      }),
    );
  });
});

describe("adding", () => {
  it("splits an edge: the main exit takes what followed", () => {
    const added = done(ORDERS, addStep(ORDERS, at("conditional_1", "yes"), "approval"));
    expect(edgesIn(added)).toContain("conditional_1 yes approval_2");
    expect(edgesIn(added)).toContain("approval_2 approved approval_1");
  });

  it.each(ADDABLE.filter((type) => type !== "terminate" && type !== "redirect"))("takes the path on: %s", (type) => {
    const added = done(ORDERS, addStep(ORDERS, at(START), type));
    const removed = done(
      added,
      deleteBlock(added, `${type}_${idsIn(ORDERS).filter((id) => id.startsWith(`${type}_`)).length + 1}`),
    );
    expect(edgesIn(removed)).toEqual(edgesIn(ORDERS));
    expect(idsIn(removed)).toEqual(idsIn(ORDERS));
  });

  it("brings a parallel with two branches and its join", () => {
    const added = done(EMPTY, addStep(EMPTY, at(START), "parallel"));
    expect(idsIn(added)).toEqual([START, "parallel_1", "join_1"]);
    expect(edgesIn(added)).toEqual([
      "WorkflowStartState next parallel_1",
      "parallel_1 branch_1 join_1",
      "parallel_1 branch_2 join_1",
    ]);
    const inside = done(added, addStep(added, at("parallel_1", "branch_2"), "email"));
    expect(edgesIn(inside)).toContain("email_1 next join_1");
  });

  it("puts an end only where nothing follows, and says so", () => {
    expect(addStep(ORDERS, at(START), "terminate")).toMatchObject({ why: "only-at-open-exit" });
    expect(addStep(ORDERS, at("approval_1", "rejected"), "terminate")).toMatchObject({ name: "add" });
  });

  it("refuses an exit that is not there", () => {
    expect(addStep(ORDERS, at("email_1", "yes"), "email")).toMatchObject({ why: "no-exit" });
    expect(addStep(ORDERS, at("nowhere"), "email")).toMatchObject({ why: "no-step" });
  });
});

describe("moving", () => {
  it("moves a step and joins where it was", () => {
    const moved = done(ORDERS, moveBlock(ORDERS, "email_1", at(START)));
    expect(edgesIn(moved)).toEqual(
      expect.arrayContaining([
        "WorkflowStartState next email_1",
        "email_1 next conditional_1",
        "httpRequest_1 next parallel_1",
        "approval_1 approved parallel_1",
      ]),
    );
  });

  it("moves a branch whole, with what lies in it", () => {
    const moved = done(ORDERS, moveBlock(ORDERS, "parallel_1", at(START)));
    expect(edgesIn(moved)).toEqual(
      expect.arrayContaining([
        "WorkflowStartState next parallel_1",
        "delay_1 next join_1",
        "join_1 next conditional_1",
        "email_1 next terminate_1",
      ]),
    );
  });

  it("moves into a branch of a parallel", () => {
    const moved = done(ORDERS, moveBlock(ORDERS, "email_1", at("parallel_1", "right")));
    expect(edgesIn(moved)).toEqual(
      expect.arrayContaining(["parallel_1 right email_1", "email_1 next join_1", "httpRequest_1 next parallel_1"]),
    );
  });

  it("says why a block cannot be where it is put", () => {
    expect(moveBlock(ORDERS, "parallel_1", at("delay_1"))).toMatchObject({ why: "into-itself" });
    expect(moveBlock(ORDERS, "join_1", at(START))).toMatchObject({ why: "join-of-parallel" });
    expect(moveBlock(ORDERS, START, at("delay_1"))).toMatchObject({ why: "start" });
    expect(moveBlock(ORDERS, "terminate_1", at(START))).toMatchObject({ why: "only-at-open-exit" });
    expect(moveBlock(ORDERS, "email_1", at("httpRequest_1"))).toMatchObject({ why: "same-place" });
  });
});

describe("deleting", () => {
  it("joins what led to a step with what followed", () => {
    const removed = done(ORDERS, deleteStep(ORDERS, "email_1"));
    expect(edgesIn(removed)).toEqual(
      expect.arrayContaining(["approval_1 approved parallel_1", "httpRequest_1 next parallel_1"]),
    );
  });

  it("leaves an exit open where what follows lies in another region", () => {
    const joined = done(ORDERS, connect(ORDERS, { from: "approval_1", exit: "approved" }, "join_1"));
    const looped = done(joined, wrap(joined, ["conditional_1"], "forEach"));
    expect(edgesIn(looped)).toContain("email_1 next parallel_1");
    const planned = deleteBlock(looped, "parallel_1");
    expect(planned).toMatchObject({ opened: [{ from: "email_1", exit: "next" }] });
    expect(deleteBlock(ORDERS, "parallel_1")).toMatchObject({ opened: [] });
    const deleted = done(looped, planned);
    expect(edgesIn(deleted).filter((edge) => edge.startsWith("email_1"))).toEqual([]);
    expect(crossingsOf(shapeOf(deleted))).toBe(0);
  });

  it("asks which branch to keep, and takes the others with it", () => {
    expect(waysOn(ORDERS, "conditional_1")).toEqual(["yes", "no"]);
    expect(deleteStep(ORDERS, "conditional_1")).toMatchObject({ why: "several-exits" });
    const kept = done(ORDERS, deleteStep(ORDERS, "conditional_1", "no"));
    expect(idsIn(kept)).not.toContain("approval_1");
    expect(edgesIn(kept)).toContain("WorkflowStartState next httpRequest_1");
  });

  it("deletes a parallel with its join, and keeps its only branch in place", () => {
    const removed = done(ORDERS, deleteStep(ORDERS, "parallel_1"));
    expect(idsIn(removed)).not.toContain("join_1");
    expect(edgesIn(removed)).toEqual(expect.arrayContaining(["email_1 next delay_1", "delay_1 next terminate_1"]));
  });

  it("deletes a block with all that lies in it", () => {
    const removed = done(ORDERS, deleteBlock(ORDERS, "parallel_1"));
    expect(idsIn(removed)).not.toContain("delay_1");
    expect(edgesIn(removed)).toContain("email_1 next terminate_1");
    const condition = done(ORDERS, deleteBlock(ORDERS, "conditional_1"));
    expect(edgesIn(condition)).toContain("WorkflowStartState next email_1");
  });

  it("keeps the start, and a join while its parallel is there", () => {
    expect(deleteStep(ORDERS, START)).toMatchObject({ why: "start" });
    expect(deleteStep(ORDERS, "join_1")).toMatchObject({ why: "join-of-parallel", about: "parallel_1" });
  });

  it("leaves the body of a loop in its place when that is kept", () => {
    const looped = done(ORDERS, wrap(ORDERS, ["email_1"], "forEach"));
    const removed = done(looped, deleteStep(looped, "forEach_1", "each"));
    expect(edgesIn(removed)).toEqual(edgesIn(ORDERS));
  });
});

describe("connecting", () => {
  it("leads an exit to another step", () => {
    const next = done(ORDERS, connect(ORDERS, at("approval_1", "rejected"), "terminate_1"));
    expect(edgesIn(next)).toContain("approval_1 rejected terminate_1");
  });

  it("stays in its branch, away from the start, and out of loops that never pause", () => {
    expect(connect(ORDERS, at("delay_1"), "terminate_1")).toMatchObject({ why: "across-border" });
    expect(connect(ORDERS, at("email_1"), START)).toMatchObject({ why: "start" });
    const hot = done(EMPTY, addStep(EMPTY, at(START), "overridePayload"));
    const two = done(hot, addStep(hot, at("overridePayload_1"), "overridePayload"));
    expect(connect(two, at("overridePayload_2"), "overridePayload_1")).toMatchObject({ why: "loop-without-pause" });
    expect(targetsOf(ORDERS, at("delay_1"))).toEqual([]);
    expect(targetsOf(ORDERS, at("approval_1", "rejected"))).toContain("parallel_1");
  });
});

describe("branches", () => {
  it("are added with a way to the join, moved, named and deleted with their steps", () => {
    const added = done(ORDERS, addBranch(ORDERS, "parallel_1"));
    expect(edgesIn(added)).toContain("parallel_1 branch_3 join_1");
    const moved = done(added, moveBranch(added, "parallel_1", "branch_3", -2));
    expect(shapeOf(moved).outline.steps.get("parallel_1")?.exits).toEqual(["branch_3", "left", "right", "error"]);
    const named = done(moved, renameBranch(moved, "parallel_1", "left", "slow"));
    expect(edgesIn(named)).toContain("parallel_1 slow delay_1");
    const removed = done(named, deleteBranch(named, "parallel_1", "slow"));
    expect(idsIn(removed)).not.toContain("delay_1");
    expect(renameBranch(named, "parallel_1", "slow", "right")).toMatchObject({ why: "branch-exists" });
    expect(renameBranch(named, "parallel_1", "slow", "a b")).toMatchObject({ why: "bad-name" });
  });
});

describe("putting steps into a region", () => {
  it("makes a body of neighbors", () => {
    const looped = done(ORDERS, wrap(ORDERS, ["email_1", "parallel_1"], "forEach"));
    expect(edgesIn(looped)).toEqual(
      expect.arrayContaining(["forEach_1 each email_1", "email_1 next parallel_1", "forEach_1 next terminate_1"]),
    );
    expect(edgesIn(looped)).not.toContain("join_1 next terminate_1");
  });

  it("makes a branch of neighbors, and refuses what does not follow each other", () => {
    const branched = done(ORDERS, wrap(ORDERS, ["email_1"], "parallel"));
    expect(edgesIn(branched)).toEqual(
      expect.arrayContaining(["parallel_2 branch_1 email_1", "email_1 next join_2", "join_2 next parallel_1"]),
    );
    expect(wrap(ORDERS, ["approval_1", "terminate_1"], "forEach")).toMatchObject({ why: "not-neighbors" });
    expect(wrap(ORDERS, [], "forEach")).toMatchObject({ why: "nothing-selected" });
  });
});

describe("other changes", () => {
  it("another type keeps id, edges and the settings that fit", () => {
    const changed = done(
      ORDERS,
      changeType(ORDERS, "approval_1", "adaptiveCard", (name) => name === "recipients"),
    );
    expect(stepById(changed, "approval_1")).toMatchObject({
      type: "adaptiveCard",
      settings: { recipients: ["boss@example.com"] },
    });
    expect(edgesIn(changed)).toContain("approval_1 next email_1");
  });

  it("an edit of the JSON is one entry, and what is equal stays the same object", () => {
    const store = storeOf(ORDERS);
    const text = prettyExact(ORDERS).replace("PT1H", "PT2H").replace('"Orders"', '"New orders"');
    store.getState().attempt(editJson(ORDERS, text));
    expect(store.getState().log.done).toMatchObject([{ name: "editJson" }]);
    const { document } = store.getState();
    expect(document.workflow_name).toBe("New orders");
    expect(stepById(document, "delay_1")?.settings).toEqual({ for: "PT2H" });
    expect(stepById(document, "email_1")).toBe(stepById(ORDERS, "email_1"));
    expect(editJson(ORDERS, "{\n  x")).toMatchObject({ why: "not-json", about: "2" });
    expect(editJson(ORDERS, "[]")).toMatchObject({ why: "not-object" });
  });

  it("typing in one field within a second is one entry", () => {
    let time = 0;
    const store = storeOf(ORDERS, () => time);
    for (const text of ["P", "PT", "PT3", "PT3H"]) {
      time += 300;
      store.getState().run(changeSetting(store.getState().document, "delay_1", ["for"], text));
    }
    expect(store.getState().log.done).toHaveLength(1);
    time += 2_000;
    store.getState().run(changeSetting(store.getState().document, "delay_1", ["for"], "PT4H"));
    expect(store.getState().log.done).toHaveLength(2);
    store.getState().undo();
    store.getState().undo();
    expect(store.getState().document).toEqual(ORDERS);
    expect(store.getState().selection).toEqual({ step: "delay_1", field: "/settings/for" });
  });

  it("changes nothing while it is read only, and says so", () => {
    const store = storeOf(ORDERS);
    store.getState().setReadOnly(true);
    expect(store.getState().attempt(deleteStep(ORDERS, "email_1"))).toBe(false);
    expect(store.getState()).toMatchObject({ document: ORDERS, refusal: { why: "read-only" } });
  });

  it("knows which ids a step may have", () => {
    expect(refusalOfId(ORDERS, "email_1", "email_2")).toBeNull();
    expect(refusalOfId(ORDERS, "email_1", "delay_1")).toMatchObject({ why: "id-taken" });
    expect(refusalOfId(ORDERS, "email_1", "payload")).toMatchObject({ why: "bad-id" });
    expect(refusalOfId(ORDERS, START, "start")).toMatchObject({ why: "start" });
  });
});

describe("making a workflow of steps", () => {
  it("moves them into a definition of their own, and calls it in their place", () => {
    const found = extract(ORDERS, ["httpRequest_1"]);
    if ("why" in found) throw new Error(found.why);
    expect(edgesIn(found.definition)).toEqual([`${START} next httpRequest_1`]);
    expect(found.outside).toEqual(["approval_1"]);
    const called = done(ORDERS, found.replace("workflow-2"));
    expect(edgesIn(called)).toEqual(
      expect.arrayContaining(["conditional_1 no subworkflow_1", "subworkflow_1 next email_1"]),
    );
    expect(stepById(called, "subworkflow_1")?.settings).toMatchObject({ workflow_id: "workflow-2" });
    expect(idsIn(called)).not.toContain("httpRequest_1");
  });

  it("takes neither the start, steps apart, nor nothing", () => {
    expect(extract(ORDERS, [START])).toMatchObject({ why: "start" });
    expect(extract(ORDERS, ["approval_1", "terminate_1"])).toMatchObject({ why: "not-neighbors" });
    expect(extract(ORDERS, [])).toMatchObject({ why: "nothing-selected" });
  });
});

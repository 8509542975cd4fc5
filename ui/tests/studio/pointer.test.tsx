/** What the pointer does on the canvas beside clicks: what is dragged, and where it may be dropped. */

import { createEvent, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Session } from "../../src/session/session";
import type { JsonObject } from "../../src/shared/http";
import { branchesOf } from "../../src/studio/document/commands/branches";
import { stepById } from "../../src/studio/document/definition";
import { expectAccessible, visit } from "../fakes/app";
import { sessionOf, signedIn } from "../fakes/people";
import { fakeStudio } from "../fakes/studio";
import { EMPTY, edgesIn, idsIn, ORDERS } from "./definitions";

const PAGE = "/workflows/workflow-1/v/5";
const MAKER: Session["permissions"] = [
  ...new Set([...sessionOf().permissions, "read.definitions" as const, "edit.drafts" as const]),
];

/** A step that tries three branches in their order. */
const CASES: JsonObject = {
  ...EMPTY,
  workflow_steps: [
    ...(EMPTY.workflow_steps as JsonObject[]),
    {
      id: "cases",
      type: "advancedConditional",
      settings: { branches: ["small", "large", "urgent"].map((id) => ({ id, label: id, conditions: [] })) },
    },
    { id: "delay_1", type: "delay", settings: { for: "PT1H" } },
    { id: "email_1", type: "email", settings: {} },
    { id: "terminate_1", type: "terminate", settings: {} },
  ],
  workflow_connections: [
    { from: "WorkflowStartState", to: "cases" },
    { from: "cases", to: "delay_1", branch: "small" },
    { from: "cases", to: "email_1", branch: "large" },
    { from: "cases", to: "terminate_1", branch: "urgent" },
  ],
};

async function found(selector: string): Promise<HTMLElement> {
  return waitFor(() => {
    const element = document.querySelector<HTMLElement>(selector);
    if (element === null) throw new Error(`nothing is ${selector}`);
    return element;
  });
}

const node = (id: string): Promise<HTMLElement> => found(`button[data-step="${id}"]`);
const plus = (exit: string): Promise<HTMLElement> => found(`[data-plus="${exit}"]`);

/** What a drag carries. jsdom has none of its own. */
class Carried {
  readonly #values = new Map<string, string>();
  readonly files: readonly File[];

  constructor(files: readonly File[] = []) {
    this.files = files;
  }

  get types(): string[] {
    return [...this.#values.keys(), ...(this.files.length > 0 ? ["Files"] : [])];
  }

  setData(type: string, value: string): void {
    this.#values.set(type, value);
  }

  getData(type: string): string {
    return this.#values.get(type) ?? "";
  }
}

/** Drags an element onto another one; returns whether that lets itself be dropped on. */
function drag(from: HTMLElement, to: HTMLElement): boolean {
  const dataTransfer = new Carried();
  fireEvent.dragStart(from, { dataTransfer });
  return drop(dataTransfer, to);
}

function drop(dataTransfer: Carried, to: HTMLElement): boolean {
  const over = createEvent.dragOver(to, { dataTransfer });
  fireEvent(to, over);
  if (!over.defaultPrevented) return false;
  fireEvent.drop(to, { dataTransfer });
  return true;
}

async function openStudio(definition: JsonObject = ORDERS as JsonObject, status: "DRAFT" | "ACTIVE" = "DRAFT") {
  const fake = fakeStudio(definition, { workflow_status: status });
  const visited = visit(PAGE, signedIn({ permissions: MAKER }), fake.handlers);
  await node("WorkflowStartState");
  const save = async (): Promise<JsonObject> => {
    await visited.user.keyboard("{Control>}s{/Control}");
    await screen.findByText(/^Saved/);
    return fake.stored.definition;
  };
  const branches = async (id: string): Promise<unknown[]> => {
    const step = stepById(await save(), id);
    return step === null ? [] : [...(branchesOf(step) ?? [])];
  };
  return { ...visited, fake, save, branches };
}

describe("what is dropped at a `+`", () => {
  it("is a step that moves there with its block", async () => {
    const { save } = await openStudio();
    expect(drag(await node("email_1"), await plus("WorkflowStartState next"))).toBe(true);
    await waitFor(async () => expect((await node("email_1")).getAttribute("aria-pressed")).toBe("true"));
    expect(edgesIn(await save())).toEqual(
      expect.arrayContaining(["WorkflowStartState next email_1", "email_1 next conditional_1"]),
    );
  });

  it("is not a step at a place within its own block: it says why, and nothing changes", async () => {
    const { fake } = await openStudio();
    expect(drag(await node("conditional_1"), await plus("conditional_1 yes"))).toBe(true);
    await screen.findByText("A block cannot be moved into itself.");
    expect(fake.stored.definition).toBe(ORDERS);
  });

  it("is a file with steps", async () => {
    const { save } = await openStudio();
    const fragment = {
      looply: "steps",
      entry: "delay_7",
      workflow_steps: [{ id: "delay_7", type: "delay", settings: { for: "PT7H" } }],
      workflow_connections: [],
      outs: [{ from: "delay_7", exit: "next" }],
    };
    const text = JSON.stringify(fragment);
    const file = new File([text], "steps.json", { type: "application/json" });
    // jsdom's files have no text().
    Object.defineProperty(file, "text", { value: () => Promise.resolve(text) });
    expect(drop(new Carried([file]), await plus("email_1 next"))).toBe(true);
    await waitFor(() => expect(document.querySelectorAll("button[data-step^=delay]")).toHaveLength(2));
    expect(JSON.stringify(await save())).toContain("PT7H");
  });

  it("is a `curl` command, which becomes a call", async () => {
    const { save } = await openStudio();
    const text = new Carried();
    text.setData("text/plain", "curl -X POST https://rates.example.com/v1/latest -d '{\"a\":1}'");
    expect(drop(text, await plus("email_1 next"))).toBe(true);
    await node("httpRequest_2");
    const step = ((await save()).workflow_steps as JsonObject[]).find(({ id }) => id === "httpRequest_2");
    expect(step?.settings).toMatchObject({ method: "POST", url: "https://rates.example.com/v1/latest" });
  });

  it("is no other text, and says so", async () => {
    await openStudio();
    const text = new Carried();
    text.setData("text/plain", "a note from a chat");
    expect(drop(text, await plus("email_1 next"))).toBe(true);
    await screen.findByText(/neither steps, a workflow nor a curl command/);
  });
});

describe("the end of an edge", () => {
  it("is dragged to another step, to which its exit then leads", async () => {
    const { save } = await openStudio();
    expect(drag(await found('[data-end="conditional_1 no"]'), await node("email_1"))).toBe(true);
    expect(edgesIn(await save())).toContain("conditional_1 no email_1");
  });

  it("stays where it is when it is dropped at a place for steps, or on a step that may not follow", async () => {
    const { fake } = await openStudio();
    expect(drag(await found('[data-end="conditional_1 no"]'), await plus("email_1 next"))).toBe(false);
    expect(drag(await found('[data-end="conditional_1 no"]'), await node("delay_1"))).toBe(true);
    await screen.findByText(/A path stays in its branch or body/);
    expect(fake.stored.definition).toBe(ORDERS);
  });

  it("has a handle for each edge of the author, none for what the drawing adds, none in a version to read", async () => {
    const { unmount } = await openStudio();
    const ends = [...document.querySelectorAll<HTMLElement>("[data-end]")].map(({ dataset }) => dataset.end);
    expect(ends.toSorted()).toEqual(
      [
        ...["WorkflowStartState next", "approval_1 approved", "conditional_1 no", "conditional_1 yes", "email_1 next"],
        ...["httpRequest_1 next", "join_1 next"],
      ].toSorted(),
    );
    unmount();
    await openStudio(ORDERS as JsonObject, "ACTIVE");
    expect(document.querySelector("[data-end], [data-lane-plus]")).toBeNull();
  });
});

describe("the lanes of a step with branches", () => {
  it("have a `+` beside them that adds one, by the pointer and by Tab", async () => {
    const { user, branches } = await openStudio();
    const add = await found("[data-lane-plus=parallel_1]");
    expect(add.getAttribute("aria-label")).toBe("Add a branch to parallel_1");
    expect(add.tabIndex).toBe(-1);
    await user.click(add);
    await waitFor(async () => expect(await branches("parallel_1")).toEqual(["left", "right", "branch_3"]));
    (await node("parallel_1")).focus();
    await waitFor(async () => expect((await found("[data-lane-plus=parallel_1]")).tabIndex).toBe(0));
    await expectAccessible();
  });

  it("change their order when the head of one is dropped on that of another", async () => {
    const { branches } = await openStudio();
    expect(drag(await found('[data-lane="parallel_1 right"]'), await found('[data-lane="parallel_1 left"]'))).toBe(
      true,
    );
    expect(await branches("parallel_1")).toEqual(["right", "left"]);
  });

  it("are tried in the order of their names, which are dragged as well", async () => {
    const { branches } = await openStudio(CASES);
    expect((await found('[data-lane="cases small"]')).textContent).toBe("1small");
    expect(drag(await found('[data-lane="cases small"]'), await found('[data-lane="cases urgent"]'))).toBe(true);
    expect(await branches("cases")).toEqual(["large", "urgent", "small"]);
    await waitFor(async () => expect((await found('[data-lane="cases small"]')).textContent).toBe("3small"));
    await found("[data-lane-plus=cases]");
  });

  it("stay as they are when a head is dropped on one of another step", async () => {
    const { fake } = await openStudio({
      ...CASES,
      workflow_steps: (CASES.workflow_steps as JsonObject[]).map((step) =>
        step.id === "delay_1" ? { ...(CASES.workflow_steps as JsonObject[])[1], id: "delay_1" } : step,
      ),
      workflow_connections: [
        ...(CASES.workflow_connections as JsonObject[]),
        { from: "delay_1", to: "terminate_1", branch: "small" },
        { from: "delay_1", to: "email_1", branch: "large" },
      ],
    });
    const before = fake.stored.definition;
    expect(drag(await found('[data-lane="cases small"]'), await found('[data-lane="delay_1 large"]'))).toBe(true);
    await screen.findByText("There is no exit “small” here.");
    expect(fake.stored.definition).toBe(before);
    expect(idsIn(before)).toContain("delay_1");
  });
});

describe("the space bar with the pointer", () => {
  /** Holds the space bar, presses the pointer on an element, and moves it by some pixels. */
  function pan(element: HTMLElement, movementX: number, movementY: number) {
    const box = element.closest<HTMLElement>("section[tabindex]");
    if (box === null) throw new Error("nothing scrolls");
    box.hasPointerCapture = () => true;
    fireEvent.keyDown(element, { key: " " });
    fireEvent.pointerDown(element, { button: 0 });
    const moved = createEvent.pointerMove(box);
    Object.defineProperties(moved, { movementX: { value: movementX }, movementY: { value: movementY } });
    fireEvent(box, moved);
    return box;
  }

  it("moves the canvas from a step, which is neither dragged nor chosen", async () => {
    await openStudio();
    const step = await node("email_1");
    const box = pan(step, -30, -70);
    expect([box.scrollLeft, box.scrollTop]).toEqual([30, 70]);
    expect(fireEvent.dragStart(step, { dataTransfer: new Carried() })).toBe(false);
    // Chromium presses the button that has the focus when the key is released, unless this is prevented.
    expect(fireEvent.keyUp(step, { key: " " })).toBe(false);
    expect(step.getAttribute("aria-pressed")).toBe("false");
    // What has the focus then is pressed by the key again, also where the key is not for the canvas.
    const field = document.body.appendChild(document.createElement("input"));
    fireEvent.keyDown(field, { key: " " });
    expect(fireEvent.keyUp(field, { key: " " })).toBe(true);
    field.remove();
    // Without it the step is dragged as ever, and the key presses buttons.
    expect(fireEvent.dragStart(step, { dataTransfer: new Carried() })).toBe(true);
    fireEvent.keyDown(step, { key: " " });
    expect(fireEvent.keyUp(step, { key: " " })).toBe(true);
  });

  it("is no longer held when the window has lost the focus", async () => {
    await openStudio();
    const step = await node("email_1");
    fireEvent.keyDown(step, { key: " " });
    fireEvent.blur(window);
    expect(fireEvent.dragStart(step, { dataTransfer: new Carried() })).toBe(true);
  });
});

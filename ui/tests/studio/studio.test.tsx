import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Session } from "../../src/session/session";
import type { JsonObject } from "../../src/shared/http";
import { expectAccessible, visit } from "../fakes/app";
import { sessionOf, signedIn } from "../fakes/people";
import { changeScreen } from "../fakes/screen";
import { fakeStudio } from "../fakes/studio";
import { EMPTY, edgesIn, idsIn, ORDERS } from "./definitions";

const PAGE = "/workflows/workflow-1/v/5";
const MAKER: Session["permissions"] = [
  ...new Set([...sessionOf().permissions, "read.definitions" as const, "edit.drafts" as const]),
];

/** Returns a step on the canvas, by its id: roles of a whole page take a browser in memory seconds. */
async function node(id: string): Promise<HTMLElement> {
  return waitFor(() => {
    const found = document.querySelector<HTMLElement>(`[data-step="${id}"]`);
    if (found === null) throw new Error(`no step ${id}`);
    return found;
  });
}

function plus(exit: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`[data-plus="${exit}"]`);
  if (found === null) throw new Error(`no place ${exit}`);
  return found;
}

const definition = (fake: ReturnType<typeof fakeStudio>) => fake.stored.definition;

async function openStudio(given: JsonObject = ORDERS as JsonObject, page = PAGE) {
  const fake = fakeStudio(given);
  const visited = visit(page, signedIn({ permissions: MAKER }), fake.handlers);
  await node("WorkflowStartState");
  return { ...visited, fake };
}

describe("the Studio", () => {
  it("draws the workflow, each step a button with its name, place and problems", async () => {
    await openStudio();
    expect((await node("conditional_1")).textContent).toMatch(/^Condition Large\?, .*, step 2 of 9, 3 exits/);
    expect((await node("delay_1")).textContent).toContain("in branch “left”");
    expect(document.querySelectorAll("[data-step][tabindex='0']")).toHaveLength(1);
    await expectAccessible();
  });

  it("adds a step from an empty canvas by the pointer, and saves it", async () => {
    const { user, fake } = await openStudio(EMPTY as JsonObject);
    await user.click(plus("WorkflowStartState next"));
    await user.type(await screen.findByRole("combobox"), "appro{Enter}");
    await node("approval_1");
    expect((await node("approval_1")).getAttribute("aria-pressed")).toBe("true");
    await user.keyboard("{Control>}s{/Control}");
    await waitFor(() => expect(edgesIn(definition(fake))).toEqual(["WorkflowStartState next approval_1"]));
    await screen.findByText(/^Saved/);
  });

  it("scrolls to a step that was added or chosen", async () => {
    const shown: (string | undefined)[] = [];
    Element.prototype.scrollIntoView = function (this: HTMLElement) {
      shown.push(this.dataset.step);
    };
    try {
      const { user } = await openStudio();
      await user.click(await node("email_1"));
      await waitFor(() => expect(shown.at(-1)).toBe("email_1"));
      // The focus is in the panel, as when a step is chosen in a list of findings.
      (await screen.findByRole("tab", { name: "JSON" })).focus();
      await user.click(plus("approval_1 timeout"));
      const dialog = within(await screen.findByRole("dialog"));
      await user.type(dialog.getByRole("combobox"), "delay{Enter}");
      await node("delay_2");
      await waitFor(() => expect(shown.at(-1)).toBe("delay_2"));
    } finally {
      Reflect.deleteProperty(Element.prototype, "scrollIntoView");
    }
  });

  it("shows the exits to choose from before it connects one, and says which is chosen", async () => {
    const { user, fake } = await openStudio();
    (await node("approval_1")).focus();
    await user.keyboard("c");
    const dialog = within(await screen.findByRole("dialog", { name: "Which exit?" }));
    const [first, second] = within(dialog.getByRole("group", { name: "Which exit?" })).getAllByRole("button");
    expect(first?.textContent).toBe("approved, leads to “email_1”");
    await waitFor(() => expect(document.activeElement).toBe(first));
    const said = () => dialog.getByRole("status").textContent;
    expect(said()).toMatch(/^Exit “approved” is chosen, 1 of \d\. Enter takes it\.$/);
    await user.keyboard("{ArrowDown}");
    expect(document.activeElement).toBe(second);
    expect(said()).toMatch(/^Exit “rejected” is chosen, 2 of \d/);
    await expectAccessible();
    await user.keyboard("{Enter}");
    await screen.findByText(/^Connect “rejected” of/);
    await waitFor(() => expect((document.activeElement as HTMLElement).dataset.step).toBe("approval_1"));
    await user.keyboard("{Enter}{Control>}s{/Control}");
    await waitFor(() =>
      expect(edgesIn(definition(fake)).some((edge) => edge.startsWith("approval_1 rejected"))).toBe(true),
    );
  });

  it("adds, deletes, undoes and redoes by keys alone", async () => {
    const { user } = await openStudio();
    (await node("email_1")).focus();
    await user.keyboard("a");
    await user.type(await screen.findByRole("combobox"), "delay{Enter}");
    await node("delay_2");
    await user.keyboard("{Delete}");
    await waitFor(() => expect(document.querySelector('[data-step="delay_2"]')).toBeNull());
    await user.keyboard("{Control>}z{/Control}");
    await node("delay_2");
    await user.keyboard("{Control>}z{/Control}");
    await waitFor(() => expect(document.querySelector('[data-step="delay_2"]')).toBeNull());
    await user.keyboard("{Control>}y{/Control}");
    await node("delay_2");
  });

  it("goes back step by step while the keys are held, and deletes once for each press", async () => {
    const { user } = await openStudio();
    (await node("email_1")).focus();
    await user.keyboard("a");
    await user.type(await screen.findByRole("combobox"), "delay{Enter}");
    const added = await node("delay_2");
    fireEvent.keyDown(added, { key: "Delete", repeat: true });
    expect(document.querySelector('[data-step="delay_2"]')).not.toBeNull();
    fireEvent.keyDown(added, { key: "z", ctrlKey: true, repeat: true });
    await waitFor(() => expect(document.querySelector('[data-step="delay_2"]')).toBeNull());
  });

  it("walks along the edges by the arrows", async () => {
    const { user } = await openStudio();
    (await node("WorkflowStartState")).focus();
    const focused = (): string | undefined => (document.activeElement as HTMLElement | null)?.dataset.step;
    await user.keyboard("{ArrowDown}");
    expect(focused()).toBe("conditional_1");
    await user.keyboard("{ArrowDown}{ArrowRight}");
    expect(focused()).toBe("httpRequest_1");
    await user.keyboard("{ArrowLeft}{End}");
    expect(focused()).toBe("terminate_1");
    await user.keyboard("{Home}");
    expect(focused()).toBe("WorkflowStartState");
  });

  it("moves a block by keys to a place that the arrows choose", async () => {
    const { user, fake } = await openStudio();
    (await node("email_1")).focus();
    await user.keyboard("m");
    await screen.findByText(/^Move “email_1”/);
    await user.keyboard("{Enter}{Control>}s{/Control}");
    await waitFor(() => expect(edgesIn(definition(fake))).toContain("WorkflowStartState next email_1"));
  });

  it("asks which branch to keep, and says why something is not possible", async () => {
    const { user } = await openStudio();
    (await node("conditional_1")).focus();
    await user.keyboard("{Delete}");
    await user.click(await screen.findByRole("button", { name: "Keep “no”" }));
    await waitFor(() => expect(document.querySelector('[data-step="approval_1"]')).toBeNull());
    (await node("join_1")).focus();
    await user.keyboard("{Delete}");
    await screen.findByText(/A join belongs to its parallel/);
  });

  it("drops a type from the toolbox and a step at a place", async () => {
    await openStudio();
    const dataTransfer = (type: string, value: string) => ({
      types: [type],
      files: [],
      getData: (asked: string) => (asked === type ? value : ""),
    });
    fireEvent.drop(plus("email_1 next"), { dataTransfer: dataTransfer("application/x-looply-type", "delay") });
    await node("delay_2");
    fireEvent.drop(await node("terminate_1"), {
      dataTransfer: dataTransfer("application/x-looply-exit", "approval_1 rejected"),
    });
    await waitFor(() => expect(document.querySelector('[data-plus="approval_1 rejected"]')).not.toBeNull());
  });

  it("folds a block, and keeps that and notes beside the workflow", async () => {
    const { user, fake } = await openStudio();
    (await node("parallel_1")).focus();
    await user.keyboard("[[");
    await waitFor(() => expect(document.querySelector('[data-step="delay_1"]')).toBeNull());
    expect((await node("parallel_1")).textContent).toContain("2 steps folded");
    await waitFor(() => expect(fake.stored.canvas.collapsed).toEqual(["parallel_1"]));
    await user.keyboard("n");
    await user.type(await screen.findByRole("textbox", { name: "Note" }), "Ask Ada");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(fake.stored.canvas.notes).toMatchObject([{ near: "parallel_1", text: "Ask Ada" }]));
    expect(definition(fake)).toBe(ORDERS);
  });

  it("shows findings at their steps, leads to them, and offers what their hint names", async () => {
    const fake = fakeStudio(ORDERS as JsonObject);
    fake.findings = [
      { path: "/workflow_steps/4/settings/to", message: "is empty" },
      {
        path: "/workflow_steps/2",
        message: "the exit 'rejected' of 'approval_1' is open: the path ends there",
        code: "EXIT_OPEN",
        values: { exit: "rejected", step: "approval_1" },
      },
    ];
    const { user } = visit(PAGE, signedIn({ permissions: MAKER }), fake.handlers);
    await waitFor(async () => expect((await node("email_1")).textContent).toContain("1 problem"));
    await user.keyboard("{F8}");
    expect((await node("email_1")).getAttribute("aria-pressed")).toBe("true");
    const problems = screen.getByRole("region", { name: "Problems" });
    await user.click(within(problems).getByRole("button", { name: "Problems" }));
    await user.click(within(problems).getByRole("button", { name: "End the path here" }));
    await node("terminate_2");
  });

  it("takes an edit of the JSON as one entry, and says where it is none", async () => {
    const { user } = await openStudio(ORDERS as JsonObject, `${PAGE}?view=split`);
    const field = await screen.findByRole("textbox", { name: "Definition as JSON" });
    const text = (field as HTMLTextAreaElement).value;
    fireEvent.change(field, { target: { value: text.replace("Large?", "Over 1,000?") } });
    await user.click(screen.getByRole("button", { name: "Take over" }));
    await waitFor(async () => expect((await node("conditional_1")).textContent).toContain("Over 1,000?"));
    fireEvent.change(field, { target: { value: "{\n nothing" } });
    await user.click(screen.getByRole("button", { name: "Take over" }));
    await screen.findByText(/line 2 cannot be read/);
    expect((field as HTMLTextAreaElement).value).toBe("{\n nothing");
  });

  it("has all steps in the outline, with the same keys", async () => {
    const { user } = await openStudio(ORDERS as JsonObject, `${PAGE}?view=outline`);
    const items = within(screen.getByRole("tree")).getAllByRole("treeitem");
    expect(items.map((item) => item.dataset.step)).toEqual([
      "WorkflowStartState",
      "conditional_1",
      "approval_1",
      "httpRequest_1",
      "email_1",
      "parallel_1",
      "delay_1",
      "join_1",
      "terminate_1",
    ]);
    (await node("email_1")).focus();
    await user.keyboard("{Delete}");
    await waitFor(() => expect(document.querySelector('[data-step="email_1"]')).toBeNull());
    await expectAccessible();
  });

  it("says in the outline which steps are not connected", async () => {
    const loose = { id: "delay_9", type: "delay", settings: { for: "PT1H" } };
    const definition = { ...EMPTY, workflow_steps: [...(EMPTY.workflow_steps as JsonObject[]), loose] };
    await openStudio(definition as JsonObject, `${PAGE}?view=outline`);
    await screen.findByRole("treeitem", { name: /^Not connected/ });
    expect(screen.getAllByText("Not connected")).toHaveLength(1);
  });

  it("leads a redirect to a step that is chosen on the canvas, and shows there that it leads back", async () => {
    const { user, fake } = await openStudio({
      ...EMPTY,
      workflow_steps: [
        ...(EMPTY.workflow_steps as JsonObject[]),
        { id: "wait_1", type: "wait", description: "Wait for SAP", settings: {} },
        { id: "delay_1", type: "delay", settings: { for: "PT1H" } },
        { id: "redirect_1", type: "redirect", settings: { max_visits: 10 } },
      ],
      workflow_connections: [
        { from: "WorkflowStartState", to: "wait_1" },
        { from: "wait_1", to: "delay_1" },
        { from: "delay_1", to: "redirect_1" },
      ],
    });
    (await node("redirect_1")).focus();
    await user.keyboard("c");
    await screen.findByText(/^Connect “next”/);
    await user.keyboard("{Enter}");
    await waitFor(async () => expect((await node("redirect_1")).textContent).toContain("↩ Wait for SAP (10)"));
    expect((await node("wait_1")).textContent).toContain("1 redirect leads here");
    expect((await node("delay_1")).textContent).not.toContain("leads here");
    expect(document.querySelector("[data-redirect=redirect_1] path")).not.toBeNull();
    await user.keyboard("{Control>}s{/Control}");
    await waitFor(() =>
      expect((definition(fake).workflow_steps as JsonObject[])[3]?.settings).toEqual({
        max_visits: 10,
        target: "wait_1",
      }),
    );
  });

  it("finds steps by any text of theirs", async () => {
    const { user } = await openStudio();
    await user.keyboard("{Control>}f{/Control}");
    await user.type(await screen.findByRole("searchbox", { name: "Find in the workflow" }), "boss@");
    await screen.findByText("1 step found");
    await user.keyboard("{Escape}");
    await node("terminate_1");
  });

  it("renames a step by the server, and says what an id may be", async () => {
    const { user } = await openStudio();
    (await node("email_1")).focus();
    await user.keyboard("{F2}");
    const field = await screen.findByRole("textbox", { name: "Id" });
    fireEvent.change(field, { target: { value: "delay_1" } });
    await screen.findByText("Another step has the id “delay_1”.");
    fireEvent.change(field, { target: { value: "tell_buyer" } });
    await user.click(screen.getByRole("button", { name: "Rename" }));
    await node("tell_buyer");
  });

  it("opens an active version read only; the first edit becomes a draft with an address of its own", async () => {
    const fake = fakeStudio(ORDERS as JsonObject, { workflow_status: "ACTIVE" });
    const { user, address } = visit(PAGE, signedIn({ permissions: MAKER }), fake.handlers);
    (await node("email_1")).focus();
    await user.keyboard("{Delete}");
    await node("email_1");
    expect(document.querySelector("[data-plus]")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Edit" }));
    (await node("email_1")).focus();
    await user.keyboard("{Delete}{Control>}s{/Control}");
    await waitFor(() => expect(address()).toContain("/v/6"));
    expect(idsIn(definition(fake))).not.toContain("email_1");
    expect(document.querySelector('[data-step="email_1"]')).toBeNull();
  });

  it("asks when another author changed the same place, and overwrites nothing", async () => {
    const { user, fake } = await openStudio(ORDERS as JsonObject, `${PAGE}?view=split`);
    const described = (text: string): JsonObject => ({
      ...ORDERS,
      workflow_steps: (ORDERS.workflow_steps as JsonObject[]).map((step) =>
        step.id === "email_1" ? { ...step, description: text } : step,
      ),
    });
    fake.saveAs("Ada", described("Theirs"));
    const field = await screen.findByRole("textbox", { name: "Definition as JSON" });
    const text = (field as HTMLTextAreaElement).value.replace(
      '"type": "email",',
      '"type": "email",\n"description": "Mine",',
    );
    fireEvent.change(field, { target: { value: text } });
    await user.click(screen.getByRole("button", { name: "Take over" }));
    await user.keyboard("{Control>}s{/Control}");
    await screen.findByText(/Ada saved this draft while you edited it/);
    expect((fake.stored.definition.workflow_steps as JsonObject[])[4]).toMatchObject({ description: "Theirs" });
    await user.click(screen.getByRole("radio", { name: "Both, as text" }));
    await user.click(screen.getByRole("button", { name: "Take these and save" }));
    await waitFor(() =>
      expect((fake.stored.definition.workflow_steps as JsonObject[])[4]).toMatchObject({ description: "Mine\nTheirs" }),
    );
  });

  it("is to read for those who may not edit, and as text on a phone", async () => {
    const fake = fakeStudio(ORDERS as JsonObject);
    const permissions = MAKER.filter((each) => each !== "edit.drafts");
    const first = visit(PAGE, signedIn({ permissions }), fake.handlers);
    await screen.findByText("Read only");
    expect(document.querySelector("[data-plus]")).toBeNull();
    first.unmount();
    changeScreen({ isPhone: true });
    visit(PAGE, signedIn({ permissions: MAKER }), fake.handlers);
    await screen.findByText(/edited on a larger screen/);
    expect(document.querySelector("[data-step]")).toBeNull();
  });
});

import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refusal } from "../fakes/api";
import { expectAccessible, visit } from "../fakes/app";
import { DRAFT, MAKER, READER, withWorkflows, workflow } from "../fakes/makers";
import { signedIn } from "../fakes/people";
import { changeScreen, speakGerman } from "../fakes/screen";

const maker = signedIn({ permissions: MAKER });
const PATH = "/workflows/workflow-1/settings";

describe("the settings of a workflow", () => {
  it("are stored in the draft, and what the form does not know stays", async () => {
    const { user, api } = visit(PATH, maker, withWorkflows(), {
      updateWorkflow: ({ definition }) => ({
        message: "success",
        item: { ...DRAFT, ...(definition as object), modified_on: 99 },
        warnings: [],
      }),
    });
    const most = await screen.findByLabelText("Most executions at once");
    await user.click(most);
    await user.paste("4");
    await user.click(screen.getByRole("combobox", { name: "Search fields" }));
    await user.paste("/payload/output/po");
    await user.keyboard("{Enter}");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("Saved in draft 5")).toBeTruthy();
    const [, body] = api.calls.find(([name]) => name === "updateWorkflow") ?? [];
    expect(body).toMatchObject({
      workflow_version: 5,
      modified_on: DRAFT.modified_on,
      incomplete: true,
      definition: {
        workflow_steps: DRAFT.workflow_steps,
        workflow_settings: {
          timeout: "P5D",
          unheard: true,
          max_concurrency: 4,
          search_fields: ["/payload/output/po"],
        },
      },
    });
  });

  it("refuse what the server would refuse, while it is typed", async () => {
    const { user } = visit(PATH, maker, withWorkflows());
    await user.click(await screen.findByRole("combobox", { name: "Search fields" }));
    await user.paste("po");
    await user.keyboard("{Enter}");
    expect(await screen.findByText(/A search field begins with \//)).toBeTruthy();
    await user.click(screen.getByLabelText("Time zone"));
    await user.paste("Mars");
    expect(await screen.findByText("There is no such time zone")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Save" }).hasAttribute("disabled")).toBe(true);
  });

  it("join what another has stored in other fields", async () => {
    let isFirst = true;
    const theirs = { ...DRAFT, modified_on: 50, description: "Theirs" };
    const { user, api } = visit(PATH, maker, withWorkflows(), {
      getWorkflowById: () => ({ message: "success", item: isFirst ? DRAFT : theirs }),
      updateWorkflow: ({ modified_on, definition }) => {
        if (modified_on !== 50) {
          isFirst = false;
          throw refusal(409, "STALE");
        }
        return { message: "success", item: { ...theirs, ...(definition as object), modified_on: 51 }, warnings: [] };
      },
    });
    await user.click(await screen.findByLabelText("Most executions at once"));
    await user.paste("4");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("Saved in draft 5")).toBeTruthy();
    expect(api.calls.filter(([name]) => name === "updateWorkflow").at(-1)?.[1]).toMatchObject({
      definition: { description: "Theirs", workflow_settings: { max_concurrency: 4, timeout: "P5D" } },
    });
    expect(screen.getByLabelText("Description")).toHaveProperty("value", "Theirs");
  });

  it("ask where another has changed the same field", async () => {
    const theirs = { ...DRAFT, modified_on: 50, description: "Theirs", modified_by_name: "The buyer" };
    let isFirst = true;
    const { user, api } = visit(PATH, maker, withWorkflows(), {
      getWorkflowById: () => ({ message: "success", item: isFirst ? DRAFT : theirs }),
      updateWorkflow: ({ modified_on, definition }) => {
        if (modified_on !== 50) {
          isFirst = false;
          throw refusal(409, "STALE");
        }
        return { message: "success", item: { ...theirs, ...(definition as object) }, warnings: [] };
      },
    });
    await user.click(await screen.findByLabelText("Description"));
    await user.paste(" Mine.");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText(/The buyer has changed the same in between: Description/)).toBeTruthy();
    expect(screen.getByLabelText("Description")).toHaveProperty("value", `${DRAFT.description} Mine.`);
    await user.click(screen.getByRole("button", { name: "Keep mine" }));
    await waitFor(() => expect(api.calls.filter(([name]) => name === "updateWorkflow")).toHaveLength(2));
    expect(api.calls.filter(([name]) => name === "updateWorkflow").at(-1)?.[1]).toMatchObject({
      definition: { description: `${DRAFT.description} Mine.` },
    });
  });

  it("of an active version make a draft, and say so before", async () => {
    const { findByText } = visit(PATH, maker, withWorkflows(), {
      getWorkflowById: () => ({ message: "success", item: workflow({ workflow_version: 5 }) }),
    });
    expect(await findByText(/Version 5 is active and stays as it is/)).toBeTruthy();
  });

  it("are read by a reader; in German, on a phone", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    visit(PATH, signedIn({ permissions: READER }), withWorkflows());
    expect((await screen.findByLabelText("Beschreibung")).hasAttribute("readonly")).toBe(true);
    expect(screen.getByRole("button", { name: "Speichern" }).getAttribute("aria-disabled")).toBe("true");
    await expectAccessible();
  });
});

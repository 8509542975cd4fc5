import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refusal } from "../fakes/api";
import { expectAccessible, visit } from "../fakes/app";
import { MAKER, profile, READER, withWorkflows } from "../fakes/makers";
import { NOW, signedIn } from "../fakes/people";
import { changeScreen, speakGerman } from "../fakes/screen";

const maker = signedIn({ permissions: MAKER });
const PATH = "/workflows/workflow-1/profiles";
const answer = { message: "success", item: profile() };

describe("profiles", () => {
  it("are listed with their names and values", async () => {
    visit(PATH, maker, withWorkflows());
    const table = within(await screen.findByRole("table", { name: "Profiles" }));
    expect(table.getByText("url, limit")).toBeTruthy();
    expect(table.getByText("default")).toBeTruthy();
    await expectAccessible();
  });

  it("are created from an object, with a warning of secrets, and nothing else", async () => {
    const { user, api } = visit(PATH, maker, withWorkflows(), { createProfile: () => answer });
    await user.click(await screen.findByRole("button", { name: "New profile" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(dialog.getByLabelText(/^Name/));
    await user.paste("dev");
    const values = dialog.getByLabelText("Values");
    await user.clear(values);
    await user.click(values);
    await user.paste("[1]");
    expect(await dialog.findByText("The values must be an object in braces")).toBeTruthy();
    await user.click(dialog.getByRole("button", { name: "Create the profile" }));
    expect(api.calls.some(([name]) => name === "createProfile")).toBe(false);
    await user.clear(values);
    await user.click(values);
    await user.paste('{"token": "x"}');
    expect(await dialog.findByText(/looks like a secret: token/)).toBeTruthy();
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Create the profile" }));
    await waitFor(() =>
      expect(api.calls).toContainEqual([
        "createProfile",
        { workflow_id: "workflow-1", name: "dev", values: { token: "x" } },
      ]),
    );
  });

  it("that another has changed in between are not overwritten, and nothing typed is lost", async () => {
    let modified = NOW;
    const { user, api } = visit(PATH, maker, withWorkflows(), {
      getProfiles: () => ({
        message: "success",
        count: 1,
        items: [profile({ modified_on: modified, values: { limit: modified === NOW ? 1 : 2 } })],
      }),
      updateProfile: () => answer,
    });
    await user.click(await screen.findByRole("button", { name: "Edit: prod" }));
    modified = NOW + 1;
    const dialog = within(await screen.findByRole("dialog"));
    const values = dialog.getByLabelText("Values");
    await user.clear(values);
    await user.click(values);
    await user.paste('{"limit": 3}');
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(await dialog.findByText(/changed in between by The manager/)).toBeTruthy();
    expect(values).toHaveProperty("value", '{"limit": 3}');
    expect(api.calls.some(([name]) => name === "updateProfile")).toBe(false);
    await user.click(dialog.getByRole("button", { name: "Let mine replace theirs" }));
    await user.click(dialog.getByRole("button", { name: "Save" }));
    await waitFor(() =>
      expect(api.calls).toContainEqual([
        "updateProfile",
        { workflow_id: "workflow-1", name: "prod", values: { limit: 3 } },
      ]),
    );
  });

  it("are duplicated under a free name, made the default, and deleted after a question", async () => {
    const { user, api } = visit(PATH, maker, withWorkflows(), {
      setDefaultProfile: () => answer,
      deleteProfile: () => {
        throw refusal(409, "PROFILE_IS_DEFAULT");
      },
    });
    await user.click(await screen.findByRole("button", { name: "Duplicate: prod" }));
    expect((within(await screen.findByRole("dialog")).getByLabelText(/^Name/) as HTMLInputElement).value).toBe(
      "prod 2",
    );
    await user.keyboard("{Escape}");
    await user.click(await screen.findByRole("button", { name: "Make default: test" }));
    await waitFor(() =>
      expect(api.calls).toContainEqual(["setDefaultProfile", { workflow_id: "workflow-1", name: "test" }]),
    );
    await user.click(screen.getByRole("button", { name: "Delete: prod" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(dialog.getByRole("button", { name: "Delete" }));
    expect(await dialog.findByText(/This is the default profile/)).toBeTruthy();
  });

  it("cannot be changed by a reader; in German, on a phone", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    visit(PATH, signedIn({ permissions: READER }), withWorkflows());
    const button = await screen.findByRole("button", { name: "Bearbeiten: prod" });
    expect(button.getAttribute("aria-disabled")).toBe("true");
    await expectAccessible();
  });
});

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { auditSearch, filterOf } from "../../src/admin/audit-search";
import { endAfter, exampleOf, isOver, isUnused } from "../../src/admin/keys/key";
import { addressesIn } from "../../src/admin/members/member";
import { type Handlers, refusal } from "../fakes/api";
import { expectAccessible, visit } from "../fakes/app";
import { KEY, NOW, sessionOf, signedIn, withMembers } from "../fakes/people";
import { changeScreen } from "../fakes/screen";

const DAY = 24 * 3_600_000;

describe("members", () => {
  it("are listed with role, status and what they ask for", async () => {
    visit("/admin", signedIn(), withMembers());
    const table = within(await screen.findByRole("table", { name: "Members and invitations" }));
    expect(table.getByRole("rowheader", { name: /The manager \(you\)/ })).toBeTruthy();
    expect(table.getByText("Asks for a new password")).toBeTruthy();
    expect(table.getByText("Invited")).toBeTruthy();
    await expectAccessible();
  });

  it("are blocks on a phone", async () => {
    changeScreen({ isPhone: true });
    visit("/admin/members", signedIn(), withMembers());
    const list = within(await screen.findByRole("list", { name: "Members and invitations" }));
    expect(list.getAllByRole("listitem")).toHaveLength(3);
    await expectAccessible();
  });

  it("are invited several at once, each with a link that is shown once", async () => {
    const { user, api } = visit("/admin/members", signedIn(), withMembers());
    await screen.findByRole("table");
    await user.keyboard("i");
    const dialog = within(await screen.findByRole("dialog", { name: "Invite people" }));
    await user.click(dialog.getByLabelText(/Email addresses/));
    await user.paste("one@example.com\n<two@example.com>, ONE@example.com");
    await user.selectOptions(dialog.getByLabelText("Role"), "operator");
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Invite 2 people" }));
    expect(await screen.findByText("https://looply.example/app/invitation/token-1")).toBeTruthy();
    expect(screen.getAllByText("The link was sent by mail.")).toHaveLength(2);
    await expectAccessible();
    expect(api.calls.find(([id]) => id === "inviteMembers")?.[1]).toEqual({
      invitations: [
        { email: "ONE@example.com", role: "operator" },
        { email: "two@example.com", role: "operator" },
      ],
    });
    await user.click(screen.getByRole("button", { name: "Close" }));
    await screen.findByRole("rowheader", { name: /two@example.com/ });
  });

  it("are deactivated after the effect was named", async () => {
    const { user } = visit("/admin/members", signedIn(), withMembers());
    await user.click(await screen.findByRole("button", { name: "Actions for The buyer" }));
    await user.click(await screen.findByRole("menuitem", { name: "Deactivate" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Deactivate The buyer?" }));
    expect(dialog.getByText(/All their sessions end within 5 seconds/)).toBeTruthy();
    await user.click(dialog.getByRole("button", { name: "Deactivate" }));
    expect(await screen.findByText("Deactivated")).toBeTruthy();
  });

  it("keep their last owner, in words", async () => {
    const { user } = visit("/admin/members", signedIn(), withMembers(), {
      changeMember: () => {
        throw refusal(409, "LAST_OWNER", "the last owner");
      },
    });
    await user.click(await screen.findByRole("button", { name: "Actions for The manager" }));
    await user.click(await screen.findByRole("menuitem", { name: "Make Viewer" }));
    await user.click(await screen.findByRole("button", { name: "Make Viewer" }));
    expect(await screen.findByText(/The last owner must stay/)).toBeTruthy();
  });

  it("who are owners are no business of administrators", async () => {
    const permissions = ["own", "members"] as const;
    const { user } = visit("/admin/members", signedIn({ role: "admin", permissions: [...permissions] }), withMembers());
    await user.click(await screen.findByRole("button", { name: "Actions for The buyer" }));
    await screen.findByRole("menuitem", { name: "Make Viewer" });
    expect(screen.queryByRole("menuitem", { name: "Make Owner" })).toBeNull();
    expect(screen.queryByRole("button", { name: "Actions for The manager" })).toBeNull();
  });

  it("get a link for a new password", async () => {
    const { user } = visit("/admin/members", signedIn(), withMembers());
    await user.click(await screen.findByRole("button", { name: "Actions for The buyer" }));
    await user.click(await screen.findByRole("menuitem", { name: "Make a link for a new password" }));
    await user.click(await screen.findByRole("button", { name: "Make a link for a new password" }));
    expect(await screen.findByText("https://looply.example/app/reset/user-2")).toBeTruthy();
    expect(screen.getByText(/could not be sent \(MAIL_REFUSED 550\). Give the link yourself/)).toBeTruthy();
  });

  it("are not shown to a role that may not see them, which reads the right that it lacks", async () => {
    visit("/admin/members", signedIn({ role: "operator", permissions: ["own"] }), withMembers());
    expect(await screen.findByText(/You need the right “members”/)).toBeTruthy();
  });

  it("have addresses in any usual form, each once", () => {
    expect(addressesIn(" a@b.c;\n<d@e.f> , A@B.C\t")).toEqual(["A@B.C", "d@e.f"]);
    expect(addressesIn("")).toEqual([]);
  });
});

describe("roles", () => {
  const handlers: Handlers = {
    getPermissions: () => ({
      message: "success",
      count: 1,
      own: [],
      items: [
        {
          permission: "repair",
          allows: "repair executions",
          scopes: ["manage"],
          roles: ["owner", "admin", "operator"],
          roles_by_setting: [{ role: "developer", setting: "developers_repair" }],
        },
      ],
    }),
    getRoleSettings: () => ({
      message: "success",
      item: { viewers_read_payloads: false, developers_repair: false, developers_activate: false },
    }),
    putRoleSettings: (item) => ({ message: "success", item }),
  };

  it("are a table that can be read: yes, no, by setting", async () => {
    visit("/admin/roles", signedIn(), handlers);
    const row = await screen.findByRole("row", { name: /repair executions/ });
    const cells = within(row).getAllByRole("cell");
    const read = cells.map((cell) => cell.textContent || within(cell).getByRole("img").getAttribute("aria-label"));
    expect(read).toEqual(["Yes", "Yes", "by setting", "Yes", "No", "No"]);
    await expectAccessible();
  });

  it("have settings of the organization", async () => {
    const { user, api } = visit("/admin/roles", signedIn(), handlers);
    const toggle = await screen.findByRole("switch", { name: "Developers repair executions" });
    await user.click(toggle);
    await waitFor(() => expect(toggle).toHaveProperty("checked", true));
    expect(api.calls.find(([id]) => id === "putRoleSettings")?.[1]).toMatchObject({ developers_repair: true });
  });
});

describe("keys", () => {
  function withKeys(): Handlers {
    let items = [KEY, { ...KEY, key_id: "key-2", name: "Old", revoked_on: NOW - DAY }];
    return {
      getKeys: () => ({ message: "success", count: items.length, items }),
      createKey: ({ name, scopes, expires_on }) => {
        const made = { ...KEY, key_id: "key-3", name, scopes: scopes as never, expires_on: expires_on ?? null };
        items = [made, ...items];
        return { message: "success", item: { ...made, api_key: "lk_new_secret" } };
      },
      revokeKey: ({ key_id }) => {
        items = items.map((each) => (each.key_id === key_id ? { ...each, revoked_on: NOW } : each));
        return { message: "success", item: items.find((each) => each.key_id === key_id) } as never;
      },
    };
  }

  it("show their rights, when they were used last, and that they are unused for long", async () => {
    visit("/admin/keys", signedIn(), withKeys());
    const row = within(await screen.findByRole("row", { name: /SAP production/ }));
    expect(row.getByText("trigger")).toBeTruthy();
    expect(row.getByText("from 192.0.2.7")).toBeTruthy();
    expect(row.getByText("Unused for 90 days")).toBeTruthy();
    expect(within(screen.getByRole("row", { name: /Old/ })).queryByRole("button")).toBeNull();
    await expectAccessible();
  });

  it("are created with an end, and their text is shown once", async () => {
    const { user, api } = visit("/admin/keys", signedIn(), withKeys());
    await user.click(await screen.findByRole("button", { name: "Create a key" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Create an API key" }));
    await user.click(dialog.getByLabelText(/Name/));
    await user.paste("SAP test");
    await user.click(dialog.getByLabelText(/^read:/));
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Create the key" }));
    expect(await screen.findByText("lk_new_secret")).toBeTruthy();
    await expectAccessible();
    expect(api.calls.find(([id]) => id === "createKey")?.[1]).toEqual({
      name: "SAP test",
      scopes: ["trigger", "read"],
      permissions: [],
      expires_on: NOW + 90 * DAY,
    });
    await user.click(screen.getByRole("button", { name: "I have copied it" }));
    await screen.findByRole("row", { name: /SAP test/ });
    expect(document.body.textContent).not.toContain("lk_new_secret");
  });

  it("are revoked after the effect was named", async () => {
    const { user } = visit("/admin/keys", signedIn(), withKeys());
    await user.click(await screen.findByRole("button", { name: "Revoke SAP production" }));
    expect(await screen.findByText(/Every system that uses it is refused/)).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Revoke the key" }));
    await waitFor(() => expect(screen.getAllByText("Revoked")).toHaveLength(2));
  });

  it("are over when revoked or expired, and unused for long counted from their creation", () => {
    const young = { ...KEY, created_on: NOW - DAY, last_used_on: null };
    expect(isUnused(young, NOW)).toBe(false);
    expect(isUnused({ ...young, created_on: NOW - 91 * DAY }, NOW)).toBe(true);
    expect(isOver({ ...KEY, expires_on: NOW }, NOW)).toBe(true);
    expect(isOver({ ...KEY, expires_on: NOW + 1 }, NOW)).toBe(false);
    expect(endAfter(0, NOW)).toBeNull();
    expect(exampleOf("lk_1", "https://looply.example")).toContain("'x-api-key: lk_1'");
  });
});

describe("the audit", () => {
  const item = {
    record_id: 7,
    organization_id: "organization-1",
    at: NOW - 60_000,
    actor: { kind: "person", id: "user-1", name: "The manager" },
    action: "key.create",
    object_id: "key-1",
    details: { name: "=1+1", scopes: ["trigger"], email: "" },
    hash: "00",
  } as const;
  const answer = (items: readonly (typeof item)[]) => ({
    message: "success",
    count: items.length,
    items: items.map((each) => ({ ...each, details: { ...each.details } })),
    head: { record_id: 7, hash: "00" },
  });

  it("names people, and keeps its filters in the address", async () => {
    const { user, api, address } = visit("/admin/audit?action=key.create", signedIn(), {
      getAudit: ({ action }) => answer(action === "key.create" ? [item] : []),
    });
    const row = within(await screen.findByRole("row", { name: /key.create/ }));
    expect(row.getByText("The manager")).toBeTruthy();
    expect(row.getByText('name: =1+1, scopes: ["trigger"]')).toBeTruthy();
    await expectAccessible();
    await user.click(screen.getByLabelText("Kind of action"));
    await user.paste("d");
    expect(await screen.findByText("No record matches these filters.")).toBeTruthy();
    expect(address()).toBe("/admin/audit?action=key.created");
    await user.click(screen.getByRole("button", { name: "Drop all filters" }));
    await waitFor(() => expect(address()).toBe("/admin/audit"));
    await waitFor(() => expect(api.calls.at(-1)?.[1]).toEqual({ limit: 30 }));
  });

  it("goes into a file without formulas", async () => {
    const saved: Blob[] = [];
    vi.stubGlobal(
      "URL",
      Object.assign(URL, {
        createObjectURL: (blob: Blob) => `blob:${saved.push(blob)}`,
        revokeObjectURL: () => undefined,
      }),
    );
    const { user } = visit("/admin/audit", signedIn(), {
      getAudit: () => answer([{ ...item, object_id: "=cmd" as never }]),
    });
    await screen.findByRole("row", { name: /key.create/ });
    await user.click(screen.getByRole("button", { name: "CSV of these rows" }));
    const text = await saved[0]?.text();
    expect(text).toContain(",'=cmd,");
    vi.unstubAllGlobals();
  });

  it("takes days from the address, and drops what is none", () => {
    expect(auditSearch({ action: "a", from: "2026-11-28", to: "yesterday", other: 1 })).toEqual({
      action: "a",
      from: "2026-11-28",
    });
    const { from = 0, to = 0 } = filterOf({ from: "2026-11-28", to: "2026-11-28" });
    expect(to - from).toBe(DAY);
  });
});

describe("an organization", () => {
  const workspace = { workspace_id: "workspace-1", workspace_name: "Default", created_on: NOW };

  it("is made by its owner, who works in it from then on", async () => {
    const other = { id: "organization-2", name: "Second Ltd" };
    let items = [workspace];
    const { user, api } = visit("/admin/organization", signedIn(), {
      getWorkspaces: () => ({ message: "success", count: items.length, items }),
      createWorkspace: ({ name }) => {
        const item = { workspace_id: "workspace-2", workspace_name: name, created_on: NOW };
        items = [...items, item];
        return { message: "success", item };
      },
      createOrganization: ({ name }) => ({
        message: "success",
        item: {
          organization_id: other.id,
          organization_name: name,
          workspace_id: "workspace-3",
          created_on: NOW,
        },
      }),
      chooseOrganization: () => sessionOf({ organization: other, csrf: "csrf-5" }),
    });
    await screen.findByRole("row", { name: /Default/ });
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Create a workspace" }));
    await user.click(await screen.findByLabelText(/Name/));
    await user.paste("Tests");
    await user.keyboard("{Enter}");
    await screen.findByRole("button", { name: "Work here: Tests" });
    await user.click(screen.getByRole("button", { name: "Create an organization" }));
    await user.click(await screen.findByLabelText(/Name/));
    await user.paste("Second Ltd");
    await user.keyboard("{Enter}");
    expect(await screen.findByText("Second Ltd")).toBeTruthy();
    const [, chosen] = api.calls.find(([id]) => id === "chooseOrganization") ?? [];
    expect(chosen).toEqual({ organization_id: "organization-2", workspace_id: null });
    expect(api.csrf()).toBe("csrf-5");
  });

  it("is no business of others, who read whom to ask", async () => {
    visit("/admin/organization", signedIn({ role: "admin", permissions: ["own", "members"] }), {
      getAdministrators: () => ({
        message: "success",
        count: 1,
        items: [{ name: "The owner", email: "owner@example.com" }],
      }),
    });
    expect(await screen.findByText(/You need the right “organization”.*The owner \(owner@example.com\)/)).toBeTruthy();
    await expectAccessible();
  });
});

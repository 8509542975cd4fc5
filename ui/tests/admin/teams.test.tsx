import { render, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { InstallButtons } from "../../src/admin/teams/PeopleSection";
import { TEXTS } from "../../src/admin/text";
import type { Schema } from "../../src/api/types";
import { type Handlers, refusal } from "../fakes/api";
import { expectAccessible, fill, visit } from "../fakes/app";
import { NOW, signedIn } from "../fakes/people";

type Person = Schema<"TeamsPerson">;

const ANNA: Person = {
  person_id: "person-1",
  name: "Anna",
  mail: "anna@contoso.test",
  user_principal_name: null,
  status: "BLOCKED",
  reason: "MessageWritesBlocked",
  failure: null,
  seen_on: NOW,
  checked_on: null,
};
const BEN: Person = {
  ...ANNA,
  person_id: "person-2",
  name: null,
  mail: "ben@contoso.test",
  status: "HEALTHY",
  reason: null,
};

function connection(name: string, kind: string): Schema<"ConnectionRecord"> {
  return {
    connection_id: `connection-${name}`,
    organization_id: "organization-1",
    workspace_id: "workspace-1",
    name,
    kind,
    settings: {},
    secret_names: [],
    created_by: null,
    modified_by: null,
    created_on: NOW,
    modified_on: NOW,
  };
}

function withBots(names: readonly string[], setup: Partial<Schema<"TeamsSetup">> = {}): Handlers {
  let people = [ANNA, BEN];
  const items = [connection("API", "http"), ...names.map((name) => connection(name, "teams"))];
  return {
    getConnections: () => ({ message: "success", count: items.length, items }),
    getTeamsSetup: () => ({
      message: "success",
      item: {
        app_id: "app-1",
        tenant_id: "tenant-1",
        messaging_endpoint: "https://looply.example.com/v2/receive/connection-1/teams",
        consent_url: "https://login.example.com/consent",
        admin_url: "https://admin.example.com/apps",
        people: "graph",
        ...setup,
      },
    }),
    getTeamsPeople: ({ status }) => {
      const found = people.filter((each) => status === undefined || status.includes(each.status));
      return { message: "success", count: found.length, items: found };
    },
    checkTeamsPerson: ({ person }) => {
      const found = people.find((each) => person === each.person_id || person === each.mail);
      if (found === undefined) throw refusal(404, "PERSON_NOT_FOUND");
      const item: Person = { ...found, status: "RECOVERED", reason: null, checked_on: NOW };
      people = people.map((each) => (each === found ? item : each));
      return { message: "success", item };
    },
    getTeamsInstallations: () => ({ message: "success", count: 0, items: [] }),
    getTeamsPackage: ({ version }) => ({
      message: "success",
      item: { name: `looply-teams-${version}.zip`, type: "application/zip", size: 2, content: "UEs=" },
    }),
    testConnection: () => ({
      message: "success",
      item: {
        is_ok: false,
        checks: [
          { name: "logon", state: "ok", ms: 3, text: "Entra issues tokens", fix: "" },
          {
            name: "rights",
            state: "failed",
            ms: 3,
            text: "it lacks User.Read.All",
            fix: "let an administrator consent",
          },
        ],
      },
    }),
  };
}

const INSTALLATION: Schema<"TeamsInstallation"> = {
  installation_id: "installation-1",
  name: "TEAMS",
  status: "RUNNING",
  people: 4,
  installed: 2,
  refused: 1,
  rate_per_second: 5,
  created_by: "person-9",
  created_by_name: "Olga",
  created_on: NOW,
  modified_on: NOW,
  ended_on: null,
};

/** Returns the calls on installations, of which those that were started are listed. */
function withInstallations(forecast: Partial<Schema<"TeamsInstallationForecast">> = {}): Handlers {
  let items: Schema<"TeamsInstallation">[] = [];
  return {
    getTeamsInstallations: () => ({ message: "success", count: items.length, items }),
    getTeamsInstallation: () => ({
      message: "success",
      item: INSTALLATION,
      refusals: [{ person: "eve@contoso.test", name: null, code: "PersonNotFound", message: "check the address" }],
    }),
    installTeamsApp: ({ dry_run: isDry }) => {
      if (isDry === true) {
        const person = { person_id: "person-1", name: "Anna", status: "BLOCKED" as const };
        const found = { people: 1, skipped: 0, truncated: false, items: [person], unknown: [], ...forecast };
        return { message: "forecast", forecast: found };
      }
      items = [INSTALLATION];
      return { message: "success", item: INSTALLATION };
    },
    cancelTeamsInstallation: () => {
      items = [{ ...INSTALLATION, status: "CANCELLED", ended_on: NOW }];
      return { message: "success", item: { ...INSTALLATION, status: "CANCELLED", ended_on: NOW } };
    },
  };
}

const REACH = "Installation health";

afterEach(() => vi.restoreAllMocks());

describe("the bots of Microsoft Teams", () => {
  it("are set up with the addresses that an administrator of Microsoft opens", async () => {
    visit("/admin/teams", signedIn(), withBots(["TEAMS"]));
    expect(await screen.findByText(/receive\/connection-1\/teams/)).toBeTruthy();
    const href = (name: string) => screen.getByRole("link", { name }).getAttribute("href");
    expect(href("Consent for the organization")).toBe("https://login.example.com/consent");
    expect(href("Open the Teams admin center")).toBe("https://admin.example.com/apps");
    expect(screen.queryByLabelText("Connection")).toBeNull();
    await screen.findByRole("table", { name: REACH });
    await expectAccessible();
  });

  it("without Graph need no consent, and without a public address no endpoint", async () => {
    visit(
      "/admin/teams",
      signedIn(),
      withBots(["TEAMS"], { people: "events", messaging_endpoint: null, admin_url: null }),
    );
    expect(await screen.findByText(/has no public address/)).toBeTruthy();
    expect(screen.queryByRole("link", { name: "Consent for the organization" })).toBeNull();
    expect(screen.queryByRole("link", { name: "Open the Teams admin center" })).toBeNull();
  });

  it("have a package, which is saved as a file", async () => {
    const contents: Blob[] = [];
    const names: string[] = [];
    vi.spyOn(URL, "createObjectURL").mockImplementation((content) => {
      contents.push(content as Blob);
      return "blob:1";
    });
    vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
    const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      names.push(this.download);
    });
    const { user } = visit("/admin/teams", signedIn(), withBots(["TEAMS"]));
    await user.clear(await screen.findByLabelText(/Version of the app/));
    await fill(user, /Version of the app/, "1.2.0");
    await user.click(screen.getByRole("button", { name: "Download the app package" }));
    await vi.waitFor(() => expect(click).toHaveBeenCalled());
    expect(names).toEqual(["looply-teams-1.2.0.zip"]);
    expect(contents.map(({ size, type }) => [size, type])).toEqual([[2, "application/zip"]]);
  });

  it("are tested, and each check says what to do", async () => {
    const { user } = visit("/admin/teams", signedIn(), withBots(["TEAMS"]));
    await user.click(await screen.findByRole("button", { name: "Test the connection" }));
    expect(await screen.findByText("The connection does not work yet.")).toBeTruthy();
    expect(screen.getByText("let an administrator consent")).toBeTruthy();
    await expectAccessible();
  });

  it("reach people, each of whom is checked again", async () => {
    const { user, api } = visit("/admin/teams", signedIn(), withBots(["TEAMS"]));
    const table = within(await screen.findByRole("table", { name: REACH }));
    expect(table.getByText("MessageWritesBlocked")).toBeTruthy();
    expect(table.getByText("Healthy")).toBeTruthy();
    await user.click(table.getByRole("button", { name: "Check Anna" }));
    expect(await table.findByText("Recovered")).toBeTruthy();
    expect(api.calls.find(([id]) => id === "checkTeamsPerson")?.[1]).toEqual({ name: "TEAMS", person: "person-1" });
  });

  it("are asked for a person by address", async () => {
    const { user } = visit("/admin/teams", signedIn(), withBots(["TEAMS"]));
    await screen.findByRole("table", { name: REACH });
    await fill(user, /Check a person by address/, "ben@contoso.test");
    await user.click(screen.getByRole("button", { name: "Check" }));
    expect(await screen.findByText("ben@contoso.test: Recovered")).toBeTruthy();
    await user.clear(screen.getByLabelText(/Check a person by address/));
    await fill(user, /Check a person by address/, "eve@contoso.test");
    await user.click(screen.getByRole("button", { name: "Check" }));
    expect(await screen.findByText(/does not know this person/)).toBeTruthy();
  });

  it("list the people of one status, as CSV too", async () => {
    const texts: Promise<string>[] = [];
    vi.spyOn(URL, "createObjectURL").mockImplementation((content) => {
      texts.push((content as Blob).text());
      return "blob:1";
    });
    vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockReturnValue();
    const { user } = visit("/admin/teams", signedIn(), withBots(["TEAMS"]));
    await screen.findByRole("table", { name: REACH });
    await user.selectOptions(screen.getByLabelText("Status"), "Blocked");
    await vi.waitFor(() => expect(screen.queryByText("ben@contoso.test")).toBeNull());
    await user.click(await screen.findByRole("button", { name: "CSV of these rows" }));
    const lines = (await texts[0])?.trim().split("\r\n");
    expect(lines).toHaveLength(2);
    expect(lines?.[1]).toContain("Anna,anna@contoso.test,Blocked,MessageWritesBlocked,");
    await user.selectOptions(screen.getByLabelText("Status"), "Failed");
    expect(await screen.findByText("No person has this status.")).toBeTruthy();
  });

  it("are installed for people who are chosen, after a question that says how many they are", async () => {
    const { user, api } = visit("/admin/teams", signedIn(), { ...withBots(["TEAMS"]), ...withInstallations() });
    const table = within(await screen.findByRole("table", { name: REACH }));
    const healthy = await table.findByRole("checkbox", { name: "Choose ben@contoso.test" });
    expect((healthy as HTMLInputElement).disabled).toBe(true);
    await user.click(table.getByRole("checkbox", { name: "Choose Anna" }));
    await user.click(screen.getByRole("button", { name: "Install for 1 person" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText("1 person gets the app.")).toBeTruthy();
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Install" }));
    const runs = within(await screen.findByRole("table", { name: "Installations of the app for many people" }));
    expect(runs.getByText("2 of 4 installed")).toBeTruthy();
    expect(runs.getByText("Olga")).toBeTruthy();
    const choice = { name: "TEAMS", person: ["person-1"] };
    expect(api.calls.filter(([id]) => id === "installTeamsApp").map(([, input]) => input)).toEqual([
      { ...choice, dry_run: true },
      choice,
    ]);
    expect(screen.queryByRole("button", { name: /^Install for 1/ })).toBeNull();
  });

  it("are installed for all without the app, with reasons of refusals, until it is cancelled", async () => {
    const { user, api } = visit("/admin/teams", signedIn(), { ...withBots(["TEAMS"]), ...withInstallations() });
    await user.click(await screen.findByRole("button", { name: "Install for all without the app" }));
    const dialog = within(await screen.findByRole("dialog"));
    await dialog.findByText("1 person gets the app.");
    await user.click(dialog.getByRole("button", { name: "Install" }));
    const why = await screen.findByRole("button", { name: /^Why: the installation of TEAMS, .*2026/ });
    expect(why.getAttribute("aria-expanded")).toBe("false");
    await user.click(why);
    expect(why.getAttribute("aria-expanded")).toBe("true");
    const refusals = within(await screen.findByRole("table", { name: "For whom it was refused" }));
    expect(refusals.getByText("eve@contoso.test")).toBeTruthy();
    expect(refusals.getByText("check the address")).toBeTruthy();
    await expectAccessible();
    await user.click(why);
    expect(screen.queryByRole("table", { name: "For whom it was refused" })).toBeNull();
    await user.click(screen.getByRole("button", { name: /^Stop the installation of TEAMS, .*2026/ }));
    const question = within(await screen.findByRole("dialog"));
    await user.click(question.getByRole("button", { name: "Stop" }));
    expect(await screen.findByText("Cancelled")).toBeTruthy();
    expect(api.calls.find(([id]) => id === "installTeamsApp")?.[1]).toEqual({
      name: "TEAMS",
      missing: true,
      dry_run: true,
    });
  });

  it("are installed for the first people without the app, however many have it before them", async () => {
    const none = { people: 0, skipped: 0, truncated: true, items: [], unknown: [] };
    const { installTeamsApp, ...others } = withInstallations({ truncated: true });
    const { user, api } = visit("/admin/teams", signedIn(), {
      ...withBots(["TEAMS"]),
      ...others,
      installTeamsApp: (input, call) =>
        input.dry_run === true && input.after !== "person-4000"
          ? { message: "forecast", forecast: none, after: input.after === undefined ? "person-2000" : "person-4000" }
          : (installTeamsApp?.(input, call) ?? { message: "success" }),
    });
    await user.click(await screen.findByRole("button", { name: "Install for all without the app" }));
    const dialog = within(await screen.findByRole("dialog"));
    await dialog.findByText("1 person gets the app.");
    await dialog.findByText(/^More people may lack the app/);
    await user.click(dialog.getByRole("button", { name: "Install" }));
    await screen.findByText("2 of 4 installed");
    const asked = { name: "TEAMS", missing: true };
    expect(api.calls.filter(([id]) => id === "installTeamsApp").map(([, input]) => input)).toEqual([
      { ...asked, dry_run: true },
      { ...asked, after: "person-2000", dry_run: true },
      { ...asked, after: "person-4000", dry_run: true },
      { ...asked, after: "person-4000" },
    ]);
  });

  it("are read again after the only step of an installation, which was seen before it and after it", async () => {
    let item: Schema<"TeamsInstallation"> = { ...INSTALLATION, people: 1, installed: 0, refused: 0 };
    const { api } = visit("/admin/teams", signedIn(), {
      ...withBots(["TEAMS"]),
      getTeamsInstallations: () => ({ message: "success", count: 1, items: [item] }),
    });
    const readings = (): number => api.calls.filter(([id]) => id === "getTeamsPeople").length;
    await screen.findByText("0 of 1 installed");
    await within(await screen.findByRole("table", { name: REACH })).findByText("Anna");
    const before = readings();
    item = { ...item, status: "DONE", installed: 1, ended_on: NOW };
    await screen.findByText("1 of 1 installed", undefined, { timeout: 5_000 });
    await vi.waitFor(() => expect(readings()).toBeGreaterThan(before));
  });

  it("are not installed where no person of the statuses without the app is known", async () => {
    const handlers = { ...withBots(["TEAMS"]), ...withInstallations({ people: 0, items: [] }) };
    const { user } = visit("/admin/teams", signedIn(), handlers);
    await user.click(await screen.findByRole("button", { name: "Install for all without the app" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText("No person gets the app.")).toBeTruthy();
    expect(
      dialog.getByText(/whose status is Not installed, No context, or Not checked\. There is none\./),
    ).toBeTruthy();
    expect(dialog.queryByText(/have the app/)).toBeNull();
    expect((dialog.getByRole("button", { name: "Install" }) as HTMLButtonElement).disabled).toBe(true);
  });

  it("are not installed for people who have the app, of whom it says how many they are", async () => {
    const handlers = { ...withBots(["TEAMS"]), ...withInstallations({ people: 0, skipped: 3, items: [] }) };
    const { user } = visit("/admin/teams", signedIn(), handlers);
    const table = within(await screen.findByRole("table", { name: REACH }));
    await user.click(await table.findByRole("checkbox", { name: "Choose Anna" }));
    await user.click(screen.getByRole("button", { name: "Install for 1 person" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText("3 people have it already and are left out.")).toBeTruthy();
    expect(dialog.queryByText(/There is none/)).toBeNull();
  });

  it.each([
    [500, false],
    [501, true],
  ])("are installed for 500 people at most: %i are too many is %s", (count, isTooMany) => {
    const picked = new Set(Array.from({ length: count }, (_, at) => `person-${at}`));
    const picking = { picked, toggle: () => undefined, clear: () => undefined };
    render(<InstallButtons name="TEAMS" picking={picking} />);
    const button = screen.getByRole("button", { name: `Install for ${count} people` }) as HTMLButtonElement;
    expect(button.disabled).toBe(isTooMany);
    expect(screen.queryByText(/^One installation of the app takes 500 people: choose fewer/) !== null).toBe(isTooMany);
  });

  it("say in German why an installation was refused, by known codes", () => {
    const codes = ["AppNotInCatalog", "Authorization_RequestDenied", "CONNECTION_NOT_FOUND", "PersonNotFound"];
    for (const code of codes)
      expect(TEXTS.de.teams.refusalOf(code, "said")).toMatch(/^Die App wurde nicht installiert:/);
    expect(TEXTS.de.teams.refusalOf("Forbidden", "said")).toBe("said");
    expect(TEXTS.en.teams.refusalOf("PersonNotFound", "said")).toBe("said");
  });

  it("without Graph cannot be installed from here", async () => {
    visit("/admin/teams", signedIn(), withBots(["TEAMS"], { people: "events" }));
    const table = within(await screen.findByRole("table", { name: REACH }));
    expect(table.queryByRole("checkbox")).toBeNull();
    expect(screen.queryByRole("button", { name: "Install for all without the app" })).toBeNull();
  });

  it("are chosen where there are several", async () => {
    const { user, api } = visit("/admin/teams", signedIn(), withBots(["TEAMS", "OTHER"]));
    await user.selectOptions(await screen.findByLabelText("Connection"), "OTHER");
    await vi.waitFor(() => expect(api.calls).toContainEqual(["getTeamsSetup", { name: "OTHER" }]));
  });

  it("are connected first", async () => {
    visit("/admin/teams", signedIn(), withBots([]));
    expect(await screen.findByText("No bot of Microsoft Teams is connected yet.")).toBeTruthy();
    await expectAccessible();
  });
});

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refusal } from "../fakes/api";
import { expectAccessible, fill, visit } from "../fakes/app";
import { CRM_KIND, connection, datastore, MAKER, READER, withData } from "../fakes/makers";
import { signedIn } from "../fakes/people";
import { changeScreen, speakGerman } from "../fakes/screen";

const maker = signedIn({ permissions: MAKER });

async function retype(user: ReturnType<typeof visit>["user"], field: HTMLElement, text: string): Promise<void> {
  await user.clear(field);
  await user.click(field);
  await user.paste(text);
}

describe("datastores", () => {
  it("are listed with their revision", async () => {
    const { address } = visit("/data", maker, withData());
    expect(await screen.findByRole("link", { name: "suppliers" })).toBeTruthy();
    expect(address()).toBe("/data/datastores");
    expect(screen.getAllByText("2 KB")[0]).toBeTruthy();
    await expectAccessible();
  });

  it("are created only where there is none of that name", async () => {
    const { user, api } = visit("/data/datastores", maker, withData(), {
      putDatastore: () => {
        throw refusal(409, "CONFLICT");
      },
    });
    await user.click(await screen.findByRole("button", { name: "New datastore" }));
    const dialog = within(await screen.findByRole("dialog"));
    await fill(user, /^Name/, "suppliers");
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Create the datastore" }));
    expect(await dialog.findByText("A datastore of this name exists. Nothing was changed.")).toBeTruthy();
    expect(api.calls.find(([name]) => name === "putDatastore")?.[1]).toEqual({
      name: "suppliers",
      value: {},
      if_revision: 0,
    });
  });

  it("are changed at the revision that was read; another's change is shown and not overwritten", async () => {
    let stored = datastore();
    const { user, api } = visit("/data/datastores/suppliers", maker, withData(), {
      getDatastore: () => ({ message: "success", item: stored }),
      putDatastore: ({ if_revision, value }) => {
        if (if_revision !== stored.revision) throw refusal(409, "CONFLICT");
        return { message: "success", item: { ...stored, revision: stored.revision + 1, value } };
      },
    });
    await user.click(await screen.findByRole("button", { name: "Edit" }));
    const field = screen.getByLabelText("Document");
    await retype(user, field, '{"4711": {"price": 5}}');
    stored = datastore({ revision: 8, value: { "4711": { price: 4 } } });
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText(/Revision 8 was stored in between by The manager/)).toBeTruthy();
    expect(field).toHaveProperty("value", '{"4711": {"price": 5}}');
    await user.click(screen.getByRole("button", { name: "Show what differs" }));
    expect(await screen.findByRole("region", { name: "Differences" })).toBeTruthy();
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Let mine replace revision 8" }));
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("9")).toBeTruthy();
    expect(api.calls.filter(([name]) => name === "putDatastore").map(([, input]) => input)).toMatchObject([
      { if_revision: 7 },
      { if_revision: 8 },
    ]);
  });

  it("say where JSON is wrong, and are not saved then", async () => {
    const { user, api } = visit("/data/datastores/suppliers", maker, withData());
    await user.click(await screen.findByRole("button", { name: "Edit" }));
    await retype(user, screen.getByLabelText("Document"), '{\n  "a": 1,\n}');
    expect(await screen.findByText("Line 3, column 1: “}” cannot be here")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(api.calls.some(([name]) => name === "putDatastore")).toBe(false);
  });

  it("are deleted after a question that names who uses them", async () => {
    const { user, api, address } = visit("/data/datastores/suppliers", maker, withData(), {
      deleteDatastore: () => ({ message: "success" }),
    });
    await user.click(await screen.findByRole("button", { name: "Delete" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText("1 workflow uses it:")).toBeTruthy();
    await user.click(dialog.getByRole("button", { name: "Delete" }));
    await waitFor(() => expect(address()).toBe("/data/datastores"));
    expect(api.calls).toContainEqual(["deleteDatastore", { name: "suppliers", if_revision: 7 }]);
  });

  it("cannot be changed by a reader; in German, on a phone", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    visit("/data/datastores/suppliers", signedIn({ permissions: READER }), withData());
    expect((await screen.findByRole("button", { name: "Bearbeiten" })).getAttribute("aria-disabled")).toBe("true");
    await expectAccessible();
  });
});

describe("calendars", () => {
  it("are those documents that have working hours", async () => {
    visit("/data/calendars", maker, withData());
    const table = within(await screen.findByRole("table", { name: "Calendars" }));
    expect(table.getByRole("link", { name: "working-time" })).toBeTruthy();
    expect(table.queryByText("suppliers")).toBeNull();
    expect(table.getByText("14 h")).toBeTruthy();
    await expectAccessible();
  });

  it("are changed by hours and holidays, and saved when an approval would take them", async () => {
    const { user, api } = visit("/data/calendars/working-time", maker, withData(), {
      putDatastore: ({ name, value }) => ({ message: "success", item: datastore({ name, value, revision: 3 }) }),
    });
    const begin = await screen.findByLabelText("Friday, begin of span 1");
    await retype(user, begin, "15:00");
    expect(await screen.findByText("Friday: a span must end later than it begins.")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Save" }).hasAttribute("disabled")).toBe(true);
    await retype(user, begin, "09:00");
    await user.click(screen.getByRole("button", { name: "Add a span to Saturday" }));
    await user.click(screen.getByText("Add many at once"));
    await user.click(screen.getByLabelText("Dates"));
    await user.paste("2026-12-26, 2027-01-01");
    await user.click(screen.getByRole("button", { name: "Add 2 dates" }));
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() =>
      expect(api.calls.find(([name]) => name === "putDatastore")?.[1]).toEqual({
        name: "working-time",
        if_revision: 2,
        value: {
          timezone: "Europe/Berlin",
          hours: { mon: ["08:00-12:00", "13:00-17:00"], fri: ["09:00-14:00"], sat: ["09:00-17:00"] },
          holidays: ["2026-12-25", "2026-12-26", "2027-01-01"],
        },
      }),
    );
  });

  it("are saved again at the revision that the save before has made", async () => {
    let revision = 2;
    const { user } = visit("/data/calendars/working-time", maker, withData(), {
      putDatastore: ({ name, value, if_revision }) => {
        if (if_revision !== revision) throw refusal(409, "CONFLICT");
        revision += 1;
        return { message: "success", item: datastore({ name, value, revision }) };
      },
    });
    for (const name of ["Add a span to Saturday", "Add a span to Sunday"]) {
      await user.click(await screen.findByRole("button", { name }));
      await user.click(screen.getByRole("button", { name: "Save" }));
      await waitFor(() => expect(screen.queryByRole("button", { name: "Discard changes" })).toBeNull());
    }
    expect(revision).toBe(4);
  });

  it("begin with a usual week", async () => {
    const { user, api } = visit("/data/calendars", maker, withData(), {
      putDatastore: ({ name, value }) => ({ message: "success", item: datastore({ name, value, revision: 1 }) }),
    });
    await user.click(await screen.findByRole("button", { name: "New calendar" }));
    await fill(user, /^Name/, "dublin");
    await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Create the calendar" }));
    await waitFor(() =>
      expect(api.calls.find(([name]) => name === "putDatastore")?.[1]).toMatchObject({
        name: "dublin",
        if_revision: 0,
        value: { hours: { mon: ["09:00-17:00"], fri: ["09:00-17:00"] }, holidays: [] },
      }),
    );
  });

  it("are read by a reader; in German, on a phone", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    visit("/data/calendars/working-time", signedIn({ permissions: READER }), withData());
    expect(await screen.findByText("08:00–12:00, 13:00–17:00")).toBeTruthy();
    expect(screen.queryByLabelText(/Beginn der Spanne/)).toBeNull();
    await expectAccessible();
  });

  it("that are none are opened as documents", async () => {
    visit("/data/calendars/suppliers", maker, withData());
    expect(await screen.findByText(/This datastore holds no calendar/)).toBeTruthy();
  });
});

describe("connections", () => {
  it("are listed with their kind, address and the names of their secrets", async () => {
    visit("/data/connections", maker, withData());
    const table = within(await screen.findByRole("table", { name: "Connections" }));
    expect(table.getByText("https://s4.example.com:44300")).toBeTruthy();
    expect(table.getByText("password")).toBeTruthy();
    await expectAccessible();
  });

  it("are created with the fields of their kind", async () => {
    const { user, api, address } = visit("/data/new-connection", maker, withData(), {
      createConnection: () => ({ message: "success", item: connection() }),
    });
    await user.selectOptions(await screen.findByLabelText(/^Kind/), "http");
    await fill(user, /^Name\W*$/, "Rates");
    await fill(user, /^Base URL/, "https://rates.example.com");
    await user.selectOptions(screen.getByLabelText("Authentication"), "bearer");
    await fill(user, "Token or API key", "secret-1");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Create the connection" }));
    await waitFor(() => expect(address()).toContain("/data/connections/S4"));
    expect(api.calls.find(([name]) => name === "createConnection")?.[1]).toEqual({
      name: "Rates",
      kind: "http",
      settings: { base_url: "https://rates.example.com", auth: "bearer" },
      secrets: { token: "secret-1" },
    });
  });

  it("of an installed connector have a form by its schemas", async () => {
    const { user, api } = visit("/data/new-connection", maker, withData(), {
      getConnectorKinds: () => ({ message: "success", count: 1, items: [CRM_KIND] }),
      createConnection: () => ({ message: "success", item: connection() }),
    });
    await user.selectOptions(await screen.findByLabelText(/^Kind/), await screen.findByText("CRM system"));
    await fill(user, /^Name\W*$/, "CRM");
    const create = screen.getByRole("button", { name: "Create the connection" });
    expect(create.hasAttribute("disabled")).toBe(true);
    await fill(user, /^Tenant/, "acme");
    await fill(user, /^Path\W*$/, "/api");
    await fill(user, /^Pin/, "1234");
    expect(screen.queryByLabelText("Settings")).toBeNull();
    expect(screen.queryByText("Name of another secret")).toBeNull();
    await expectAccessible();
    await user.click(create);
    await waitFor(() =>
      expect(api.calls.find(([name]) => name === "createConnection")?.[1]).toEqual({
        name: "CRM",
        kind: "crm",
        settings: { tenant: "acme", route: { path: "/api" } },
        secrets: { pin: "1234" },
      }),
    );
  });

  it("of another connector are typed as JSON with secrets by name", async () => {
    const { user, api } = visit("/data/new-connection", maker, withData(), {
      createConnection: () => ({ message: "success", item: connection() }),
    });
    await user.selectOptions(await screen.findByLabelText(/^Kind/), "Another connector …");
    await fill(user, /^Name of the kind/, "crm");
    await fill(user, /^Name\W*$/, "CRM");
    await retype(user, screen.getByLabelText("Settings"), '{"tenant": 7}');
    await fill(user, "Name of another secret", "pin");
    await user.click(screen.getByRole("button", { name: "Add" }));
    await fill(user, "pin", "1234");
    await user.click(screen.getByRole("button", { name: "Create the connection" }));
    await waitFor(() =>
      expect(api.calls.find(([name]) => name === "createConnection")?.[1]).toEqual({
        name: "CRM",
        kind: "crm",
        settings: { tenant: 7 },
        secrets: { pin: "1234" },
      }),
    );
  });

  it("are tested as they are typed, check by check", async () => {
    const { user, api } = visit("/data/connections/S4 production", maker, withData(), {
      testConnection: () => ({
        message: "success",
        item: {
          is_ok: false,
          checks: [
            { name: "dns", state: "ok", ms: 3, text: "10.0.0.1", fix: "" },
            { name: "tls", state: "failed", ms: 12, text: "the certificate has expired", fix: "renew it" },
            { name: "logon", state: "skipped", ms: 0, text: "", fix: "" },
          ],
        },
      }),
    });
    await retype(user, await screen.findByLabelText(/^Base URL/), "https://s4new.example.com");
    await user.click(screen.getByRole("button", { name: "Test" }));
    expect(await screen.findByText("The connection does not work yet.")).toBeTruthy();
    expect(screen.getByText("renew it")).toBeTruthy();
    expect(api.calls.find(([name]) => name === "testConnection")?.[1]).toEqual({
      name: "S4 production",
      draft: {
        kind: "sap",
        settings: { ...connection().settings, base_url: "https://s4new.example.com" },
        secrets: {},
      },
    });
    await expectAccessible();
  });

  it("never show a secret, keep it when its field is empty, and say when it must be typed again", async () => {
    const { user, api } = visit("/data/connections/S4 production", maker, withData(), {
      updateConnection: () => {
        throw refusal(422, "SECRETS_NEEDED");
      },
    });
    const password = await screen.findByLabelText("Password");
    expect(password).toHaveProperty("type", "password");
    expect(password).toHaveProperty("value", "");
    await retype(user, screen.getByLabelText("User"), "OTHER");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText(/Type them again, or remove them/)).toBeTruthy();
    expect(api.calls.find(([name]) => name === "updateConnection")?.[1]).toMatchObject({ secrets: {} });
    expect(screen.getByLabelText("User")).toHaveProperty("value", "OTHER");
  });

  it("ask their system what it offers, only when it is wished", async () => {
    const { user, api } = visit("/data/connections/S4 production", maker, withData(), {
      discoverConnection: ({ service }) => ({
        message: "success",
        item:
          service === undefined
            ? {
                services: [
                  { path: "/sap/opu/odata/sap/API_PO", name: "API_PO", title: "Purchase orders", version: "2" },
                  { path: "/sap/opu/odata/sap/API_BP", name: "API_BP", title: "Partners", version: "2" },
                ],
              }
            : { entity_sets: [{ name: "A_PurchaseOrder" }], operations: [] },
      }),
    });
    const ask = await screen.findByText("Ask the system");
    expect(api.calls.some(([name]) => name === "discoverConnection")).toBe(false);
    await user.click(ask);
    await user.type(await screen.findByLabelText("Search services"), "order");
    expect(await screen.findByText("1 service")).toBeTruthy();
    expect(screen.queryByText("API_BP")).toBeNull();
    await user.click(screen.getByText("Look into it"));
    expect(await screen.findByText("entity_sets")).toBeTruthy();
    await expectAccessible();
  });

  it("say which steps name what their system does not have", async () => {
    const step = { workflow_id: "w1", workflow_name: "Release", version: 3, status: "ACTIVE" as const, failure: null };
    const at = "/workflow_steps/1/settings";
    const finding = {
      path: `${at}/params/$select`,
      message: "Order has no field and no navigation property 'Amnt'",
      hint: "did you mean 'Amount'?",
      code: "SAP_FIELD_UNKNOWN",
      hint_code: "DID_YOU_MEAN",
      values: { type: "Order", name: "Amnt", suggestion: "Amount" },
    };
    const unread = { path: `${at}/service_path`, message: "/sap/x was not read: it was slow" };
    const { user, api } = visit("/data/connections/S4 production", maker, withData(), {
      checkConnectionUses: () => ({
        message: "success",
        item: {
          is_ok: false,
          checked: 4,
          skipped: 0,
          unchecked: 1,
          further: 0,
          truncated: false,
          steps: [
            { ...step, step: "sapRequest_1", label: "Read the order", findings: [finding] },
            { ...step, step: "sapRequest_2", label: "", findings: [], failure: unread },
          ],
        },
      }),
    });
    const check = await screen.findByRole("button", { name: "Check the steps" });
    expect(api.calls.some(([name]) => name === "checkConnectionUses")).toBe(false);
    await user.click(check);
    const link = await screen.findByRole("link", { name: "Release: Read the order" });
    expect(link.getAttribute("href")).toContain("/workflows/w1/v/3?step=sapRequest_1");
    expect(screen.getByText(/2 steps need a look; 4 could be compared\. One place is given/)).toBeTruthy();
    expect(screen.getByText(/no navigation property 'Amnt'; did you mean 'Amount'\?/)).toBeTruthy();
    expect(screen.getByText(/\/sap\/x was not read: it was slow/)).toBeTruthy();
    await expectAccessible();
  });

  it("say in German that all steps fit", async () => {
    speakGerman();
    const result = { is_ok: true, checked: 2, skipped: 0, unchecked: 0, further: 0, truncated: false, steps: [] };
    const { user } = visit("/data/connections/S4 production", maker, withData(), {
      checkConnectionUses: () => ({ message: "success", item: result }),
    });
    await user.click(await screen.findByRole("button", { name: "Schritte prüfen" }));
    expect(await screen.findByText("Alle 2 Schritte passen zum System.")).toBeTruthy();
  });

  it("say that steps fit of those alone that were compared", async () => {
    const result = { is_ok: true, checked: 0, skipped: 2, unchecked: 1, further: 0, truncated: false, steps: [] };
    const { user } = visit("/data/connections/S4 production", maker, withData(), {
      checkConnectionUses: () => ({ message: "success", item: result }),
    });
    await user.click(await screen.findByRole("button", { name: "Check the steps" }));
    expect(await screen.findByText(/2 steps could not be compared/)).toBeTruthy();
    expect(screen.queryByText(/fit the system\.|No step uses/)).toBeNull();
  });

  it("show so many steps with findings, and say how many there are besides", async () => {
    const failure = { path: "/workflow_steps/1/settings/service_path", message: "/sap/x was not read" };
    const step = { workflow_id: "w1", workflow_name: "Release", version: 1, status: "DRAFT" as const, label: "" };
    const steps = Array.from({ length: 103 }, (_, index) => ({
      ...step,
      step: `sapRequest_${index}`,
      findings: [],
      failure,
    }));
    const counts = { is_ok: false, checked: 0, skipped: 0, unchecked: 0, further: 7, truncated: true };
    const { user } = visit("/data/connections/S4 production", maker, withData(), {
      checkConnectionUses: () => ({ message: "success", item: { ...counts, steps } }),
    });
    await user.click(await screen.findByRole("button", { name: "Check the steps" }));
    expect(await screen.findByText("3 more steps are not shown.")).toBeTruthy();
    expect(screen.getByText(/7 more findings are not listed\. Further steps were not compared\./)).toBeTruthy();
    expect(screen.getAllByText(/^Release: sapRequest_/)).toHaveLength(100);
  });

  it("get new secrets without another change", async () => {
    const { user, api } = visit("/data/connections/S4 production", maker, withData(), {
      updateConnection: () => ({ message: "success", item: connection() }),
    });
    await user.click(await screen.findByRole("button", { name: "Replace secrets" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(dialog.getByLabelText("Password"));
    await user.paste("new");
    await expectAccessible();
    await user.click(dialog.getByRole("button", { name: "Replace" }));
    await waitFor(() =>
      expect(api.calls.find(([name]) => name === "updateConnection")?.[1]).toEqual({
        name: "S4 production",
        kind: "sap",
        settings: connection().settings,
        secrets: { password: "new" },
      }),
    );
  });

  it("are read by a reader; in German, on a phone", async () => {
    changeScreen({ isPhone: true });
    speakGerman();
    visit("/data/connections/S4 production", signedIn({ permissions: READER }), withData());
    expect((await screen.findByRole("button", { name: "Löschen" })).getAttribute("aria-disabled")).toBe("true");
    expect(screen.queryByLabelText("Passwort")).toBeNull();
    await expectAccessible();
  });

  it("cannot be made by a reader", async () => {
    visit("/data/new-connection", signedIn({ permissions: READER }), withData());
    expect(await screen.findByText(/“edit.connections”/)).toBeTruthy();
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DAYS,
  documentOf,
  faultsOf,
  isDate,
  lengthOf,
  nextSpan,
  readCalendar,
  usualCalendar,
  withHours,
} from "../../src/data/calendars/calendar";
import { sentSecrets } from "../../src/data/connections/draft";
import { formOf, hasFields, isIncomplete, split } from "../../src/data/connections/installed";
import { at, fieldsOf, KINDS, missingOf, secretsOf, withSetting } from "../../src/data/connections/kinds";
import { findServices, servicesOf } from "../../src/data/connections/offers";
import { CALENDAR, CRM_KIND } from "../fakes/makers";

describe("a calendar", () => {
  it("is read and written as it was", () => {
    const calendar = readCalendar(CALENDAR.value);
    expect(calendar?.hours.mon).toEqual([
      { from: "08:00", to: "12:00" },
      { from: "13:00", to: "17:00" },
    ]);
    expect(calendar && documentOf(calendar)).toEqual(CALENDAR.value);
    expect(calendar && faultsOf(calendar)).toEqual([]);
  });

  it("is no other document", () => {
    for (const document of [null, [], { hours: 3 }, { hours: { moon: [] } }, { hours: { mon: [1] } }]) {
      expect(readCalendar(document)).toBeNull();
    }
    expect(readCalendar({ hours: { mon: ["08:00-12:00"] }, price: 3 })).toBeNull();
  });

  it("has the faults for which an approval would refuse it", () => {
    const usual = usualCalendar("Europe/Berlin");
    expect(faultsOf(usual)).toEqual([]);
    const with_ = (from: string, to: string) => faultsOf(withHours(usual, "mon", [{ from, to }]))[0];
    expect(with_("8:00", "12:00")).toEqual({ kind: "span", day: "mon" });
    expect(with_("12:00", "12:00")).toEqual({ kind: "order", day: "mon" });
    expect(with_("18:00", "24:00")).toBeUndefined();
    expect(with_("24:00", "24:00")).toEqual({ kind: "span", day: "mon" });
    const twice = [
      { from: "08:00", to: "12:00" },
      { from: "11:00", to: "13:00" },
    ];
    expect(faultsOf(withHours(usual, "tue", twice))).toEqual([{ kind: "overlap", day: "tue" }]);
    expect(faultsOf({ ...usual, timezone: "Mars/Olympus" })).toEqual([{ kind: "zone" }]);
    expect(faultsOf({ ...usual, holidays: ["2026-02-30"] })).toEqual([{ kind: "holidays" }]);
    const empty = DAYS.reduce((calendar, day) => withHours(calendar, day, []), usual);
    expect(faultsOf(empty)).toEqual([{ kind: "no-hours" }]);
  });

  it("gets spans that are possible until the day is full", () => {
    let spans = [nextSpan([])];
    for (let added = 0; added < 3; added += 1) spans = [...spans, nextSpan(spans)];
    expect(spans[1]).toEqual({ from: "18:00", to: "22:00" });
    expect(lengthOf(spans.slice(0, 2))).toBe(12 * 60);
  });

  it("has dates that exist", () => {
    expect(isDate("2028-02-29")).toBe(true);
    for (const text of ["2026-02-29", "2026-1-1", "", "today"]) expect(isDate(text)).toBe(false);
  });
});

describe("what a system offers", () => {
  const services = [{ path: "/a", title: "Orders" }, { path: "" }, 3, { path: "/b", name: "B", version: "4" }];
  const item = { services };

  it("is read as far as it can be, and found by all words", () => {
    expect(servicesOf(item).map(({ name }) => name)).toEqual(["/a", "B"]);
    expect(servicesOf(null)).toEqual([]);
    expect(findServices(servicesOf(item), "orders /a")).toHaveLength(1);
    expect(findServices(servicesOf(item), "orders b")).toEqual([]);
    expect(findServices(servicesOf(item), "")).toHaveLength(2);
  });
});

describe("the settings of a connection", () => {
  it("show the fields that fit, and name those that are missing", () => {
    const sap = KINDS.sap;
    if (sap === undefined) throw new Error("there is no kind sap");
    const ids = (settings: Record<string, unknown>) => fieldsOf(sap, settings).map(({ id }) => id);
    expect(ids({})).toContain("user");
    expect(ids({ auth: "oauth_client" })).not.toContain("user");
    expect(missingOf(sap, { auth: "oauth_client" })).toEqual(["base_url", "token_url", "client_id"]);
    expect(secretsOf(sap, { auth: "oauth_client" }).map(({ id }) => id)).toEqual(["client_secret"]);
    expect(secretsOf(sap, { tls: { certificate: "x" } }).map(({ id }) => id)).toEqual(["password", "client_key"]);
  });

  it("keep what the form does not know, and lose what is emptied", () => {
    const settings = { base_url: "https://a", tls: { ca: "x" }, unheard: [1] };
    expect(withSetting(settings, "tls/ca", "")).toEqual({ base_url: "https://a", unheard: [1] });
    expect(withSetting(settings, "tls/certificate", "y")).toEqual({ ...settings, tls: { ca: "x", certificate: "y" } });
    fc.assert(
      fc.property(
        fc.constantFrom("base_url", "tls/ca", "proxy/url", "csrf/at"),
        fc.string({ minLength: 1 }),
        (id, value) => {
          expect(at(withSetting(settings, id, value), id)).toBe(value);
          expect(withSetting(settings, id, value).unheard).toEqual([1]);
        },
      ),
    );
  });

  it("that a layout does not name are drawn by their schema", () => {
    const settings_schema = {
      type: "object",
      properties: { base_url: {}, auth: {}, region: {} },
      required: ["region"],
    };
    const secrets_schema = { type: "object", properties: { token: {}, pin: { type: "string", maxLength: 5_000 } } };
    const form = formOf("http", [{ ...CRM_KIND, kind: "http", settings_schema, secrets_schema }]);
    expect(form.layout).toBe(KINDS.http);
    expect(form.schema).toMatchObject({ properties: { region: {} } });
    expect(form.secrets).toEqual([{ id: "pin", label: "Pin", isLong: true }]);
    expect(isIncomplete(form, { base_url: "https://a" })).toBe(true);
    expect(isIncomplete(form, { base_url: "https://a", region: "eu" })).toBe(false);
    expect(split(form.schema ?? {}, { base_url: "https://a", region: "eu" })).toEqual([
      { region: "eu" },
      { base_url: "https://a" },
    ]);
  });

  it("that name themselves have an end", () => {
    const settings_schema = {
      $defs: { A: { type: "object", properties: { a: { $ref: "#/$defs/A" } } } },
      $ref: "#/$defs/A",
    };
    const { schema } = formOf("crm", [{ ...CRM_KIND, settings_schema }]);
    expect(hasFields(schema)).toBe(true);
    expect(JSON.stringify(schema)).not.toContain("$ref");
  });

  it("send secrets that were typed, and null for those to be removed", () => {
    const draft = { name: "a", kind: "sap", settings: {}, secrets: { password: "", token: "t", api_key: null } };
    expect(sentSecrets(draft)).toEqual({ token: "t", api_key: null });
  });
});

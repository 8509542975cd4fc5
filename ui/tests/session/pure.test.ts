import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultPreferences, preferencesOf } from "../../src/session/preferences";
import { targetOf, waysOf } from "../../src/session/ways";
import { refusal } from "../fakes/api";

describe("the way back after sign-in", () => {
  it.each(["/", "/inbox", "/admin/audit?action=key.create"])("leads to a path of the app: %s", (to) => {
    expect(targetOf(to)).toBe(to);
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "inbox",
    "/sign-in?to=/",
    "/\t/evil.example",
    "",
    undefined,
    7,
  ])("leads to the start page from %j", (to) => {
    expect(targetOf(to)).toBe("/");
  });

  it("never leads to another host", () => {
    const text = fc.string({ unit: fc.constantFrom("/", "\\", "a", ":", ".", "@", "?", "\n", "\t") });
    fc.assert(
      fc.property(text, (to) => {
        expect(new URL(targetOf(to), "https://looply.example").host).toBe("looply.example");
      }),
    );
  });
});

describe("the ways to sign in", () => {
  it("are those of the answer", () => {
    const ways = { local: false, providers: [{ id: "entra", label: "the company account" }] };
    expect(waysOf(refusal(401, "SIGN_IN_REQUIRED", "", { sign_in: ways }))).toEqual(ways);
  });

  it("are a password where the answer names none", () => {
    expect(waysOf(null)).toEqual({ local: true, providers: [] });
  });
});

describe("preferences", () => {
  const fallback = defaultPreferences(["de"]);

  it("are the defaults where a value is missing or unknown", () => {
    expect(preferencesOf({ theme: "pink", density: 1, language: "en" }, fallback)).toEqual({
      ...fallback,
      language: "en",
    });
  });

  it("survive any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const found = preferencesOf(value, fallback);
        expect(preferencesOf(JSON.parse(JSON.stringify(found)), fallback)).toEqual(found);
      }),
    );
  });
});

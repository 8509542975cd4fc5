import { describe, expect, it } from "vitest";
import { FORMS } from "../../src/studio/panels/forms";
import { wordsOf } from "../../src/text/findings";
import { GERMAN_FINDINGS } from "../../src/text/findings.de";
import { labelFields } from "../../src/text/maker-findings";
import { FIELD_LABELS, keyOfName, placeWords, settingKey } from "../../src/text/settings";

const MISSING = {
  message: "the field 'service_path' is missing",
  code: "FIELD_MISSING",
  values: { name: "service_path" },
};
const NO_EFFECT = {
  message: "`fail_on` has no effect: the output of sap.batch has no status",
  code: "FAIL_ON_NO_EFFECT",
  values: { operation: "sap.batch" },
};

describe("the label of a setting", () => {
  it("is that of its field in the panel of its type", () => {
    const wrong = Object.entries(FORMS).flatMap(([type, { specs }]) =>
      specs
        .filter(({ path, key }) => {
          const found = settingKey(type, path.join("."));
          return found === null || FIELD_LABELS.en[found][0] !== FIELD_LABELS.en[key][0];
        })
        .map(({ path }) => `${type} ${path.join(".")}`),
    );
    expect(wrong).toEqual([]);
  });

  it("is the beginning of the place of what lies within it", () => {
    expect(placeWords(FIELD_LABELS.en, "sapRequest", ["settings", "pages", "max"])).toBe("Most pages");
    expect(placeWords(FIELD_LABELS.en, "conditional", ["settings", "rules", "1", "value"])).toBe(
      "All of these must hold › 2 › Compared with",
    );
    expect(placeWords(FIELD_LABELS.de, "httpRequest", ["retry", "max_attempts"])).toBe("Versuche");
    expect(placeWords(FIELD_LABELS.en, null, ["settings", "unheard", "0"])).toBe("unheard › 1");
  });

  it("is that of its place where a finding names it alone", () => {
    expect(keyOfName("httpRequest", "timeout")).toBe("stepTimeout");
    expect(placeWords(FIELD_LABELS.en, "httpRequest", ["timeout"])).toBe(FIELD_LABELS.en.stepTimeout[0]);
    expect(keyOfName("approval", "timeout")).toBe("approvalTimeout");
    expect(keyOfName("wait", "timeout")).toBe("waitTimeout");
    expect(keyOfName("adaptiveCard", "timeout")).toBe("waitTimeout");
  });
});

describe("a finding for makers", () => {
  const english = { language: "en", type: "sapRequest", hasNames: false } as const;
  const german = { language: "de", type: "sapRequest", hasNames: false } as const;

  it("has the label of the field in place of its name", () => {
    expect(labelFields({ message: MISSING.message, hint: "" }, MISSING, english).message).toBe(
      "The field “Service” is missing.",
    );
    expect(labelFields(wordsOf(GERMAN_FINDINGS, MISSING), MISSING, german).message).toBe("Das Feld „Dienst“ fehlt.");
    expect(labelFields({ message: NO_EFFECT.message, hint: "set `fail_on` to 4xx" }, NO_EFFECT, english)).toEqual({
      message: "“Fails with” has no effect: the output of sap.batch has no status.",
      hint: "Set “Fails with” to 4xx.",
    });
    expect(labelFields(wordsOf(GERMAN_FINDINGS, NO_EFFECT), NO_EFFECT, german).message).toMatch(/^„[^`]+“ hat keine/);
  });

  it("has the name beside it only where JSON is seen", () => {
    const words = { message: MISSING.message, hint: "" };
    expect(labelFields(words, MISSING, { ...english, hasNames: true }).message).toBe(
      "The field “Service” (service_path) is missing.",
    );
  });

  it("keeps names that no field of the type has, and quotes of other things", () => {
    const words = { message: "`target` is missing", hint: "did you mean 'to'?" };
    expect(labelFields(words, { ...words, code: "TARGET_MISSING" }, english)).toEqual({
      message: "`target` is missing.",
      hint: "Did you mean 'to'?",
    });
    expect(labelFields(words, { ...words, code: "TARGET_MISSING" }, { ...english, type: "redirect" }).message).toBe(
      "“Go back to” is missing.",
    );
  });
});

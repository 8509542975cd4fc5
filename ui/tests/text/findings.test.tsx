import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { type CodedFinding, useFindingWords, wordsOf } from "../../src/text/findings";
import { GERMAN_FINDINGS } from "../../src/text/findings.de";
import { type Language, LanguageProvider } from "../../src/text/language";
import recorded from "../recorded/sentences.json";

const OPEN: CodedFinding = {
  message: "the exit 'no' of 'approval_1' is open: the path ends there",
  hint: "did you mean 'yes'?",
  code: "EXIT_OPEN",
  hint_code: "DID_YOU_MEAN",
  values: { exit: "no", step: "approval_1", suggestion: "yes" },
};
const GERMAN_OPEN = "der Ausgang „no“ von „approval_1“ ist offen: der Pfad endet dort";

function Words({ finding }: { finding: CodedFinding }) {
  const { message, hint } = useFindingWords()(finding);
  return <p>{`${message} ${hint}`}</p>;
}

function show(language: Language, finding: CodedFinding): void {
  render(
    <LanguageProvider language={language}>
      <Words finding={finding} />
    </LanguageProvider>,
  );
}

describe("the German sentences of findings", () => {
  it("are those that the server has, no fewer and no more", () => {
    expect(Object.keys(GERMAN_FINDINGS)).toEqual(recorded.map(({ code }) => code));
  });

  it("name nothing that the server does not send", () => {
    const places = (code: string) => [...(GERMAN_FINDINGS[code] ?? "").matchAll(/(?<!\$)\{(\w+)(:\w+)?\}/g)];
    const wrong = recorded.flatMap(({ code, values }) =>
      places(code)
        .map(([, name = ""]) => name)
        .filter((name) => !values.some((each) => each === name))
        .map((name) => `${code} ${name}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("a finding", () => {
  it("is said in German by its codes and values", async () => {
    show("de", OPEN);
    expect(await screen.findByText(`${GERMAN_OPEN} meinten Sie „yes“?`)).toBeTruthy();
  });

  it("has the words of the server in English", () => {
    show("en", OPEN);
    expect(screen.getByText(`${OPEN.message} ${OPEN.hint}`)).toBeTruthy();
  });

  it("has the words of the server where the page does not know its code", () => {
    expect(wordsOf(GERMAN_FINDINGS, { ...OPEN, code: "OF_A_NEWER_SERVER" }).message).toBe(OPEN.message);
    expect(wordsOf(GERMAN_FINDINGS, { message: "is odd", code: "toString" })).toEqual({ message: "is odd", hint: "" });
  });

  it("says types and lists in words, and leaves markup of values as it is", () => {
    const wrong = { message: "", code: "WRONG_TYPE", values: { expected: "array, string, object", found: "number" } };
    expect(wordsOf(GERMAN_FINDINGS, wrong).message).toBe(
      "muss eine Liste, ein Text oder ein Objekt sein, nicht eine Zahl",
    );
    const unlisted = { message: "", code: "VALUE_NOT_LISTED", values: { value: '"<b>$&"', options: '"a", "b"' } };
    expect(wordsOf(GERMAN_FINDINGS, unlisted).message).toBe('"<b>$&" ist nicht "a" oder "b"');
  });
});

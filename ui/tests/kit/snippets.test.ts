import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LANGUAGES, snippetOf, testUrl, triggerUrl } from "../../src/kit/trigger/snippets";

const URL_OF = triggerUrl("https://looply.example.com", "workflow-1");
const CONTROLS: Readonly<Record<string, string>> = {
  cr_lf: "\r\n",
  "cr_lf(1)": "\r",
  newline: "\n",
  horizontal_tab: "\t",
};

/** Returns the value that a shell gives to the last argument. */
function shellText(snippet: string): string {
  const quoted = /--data-raw '([\s\S]*)'$/.exec(snippet)?.[1] ?? "";
  return quoted.replaceAll("'\\''", "'");
}

/** Returns the text that ABAP puts together for the body. */
function abapText(snippet: string): string {
  const terms = /set_cdata\( ([\s\S]*) \)\.\nlo_client->send/.exec(snippet)?.[1]?.split(" &&\n    ") ?? [];
  return terms
    .map((term) => {
      const name = /^cl_abap_char_utilities=>(\S+)$/.exec(term)?.[1];
      return name === undefined ? term.slice(1, -1).replaceAll("``", "`") : CONTROLS[name];
    })
    .join("");
}

/** Returns the inputs of the action of a flow. */
function inputsOf(snippet: string) {
  return (JSON.parse(snippet) as { inputs: { headers: object; body?: unknown } }).inputs;
}

function longestLine(snippet: string): number {
  return Math.max(...snippet.split("\n").map((line) => line.length));
}

describe("a call of a trigger", () => {
  it("has the address of a workflow, of one version, or of the test of a version", () => {
    const base = "https://looply.example.com/v2/workflows/triggerworkflow";
    expect(triggerUrl("https://looply.example.com", "w 1")).toBe(`${base}/w%201`);
    expect(triggerUrl("https://looply.example.com", "w 1", 3)).toBe(`${base}/w%201/3`);
    expect(testUrl("https://looply.example.com", "w 1", 3)).toBe(`${base}/w%201/3?test=true`);
    expect(snippetOf("abap", `${URL_OF}/3`, "{}")).toContain("`/v2/workflows/triggerworkflow/workflow-1/3` ).");
    expect(snippetOf("curl", triggerUrl("https://looply.example.com", "o'neill"), "{}")).toContain("o'\\''neill'");
  });

  it("names the key, which is kept elsewhere, once", () => {
    expect(snippetOf("curl", URL_OF, "{}").match(/x-api-key: \$LOOPLY_API_KEY/g)).toHaveLength(1);
    expect(snippetOf("abap", URL_OF, "{}").match(/name = 'x-api-key' value = lv_api_key/g)).toHaveLength(1);
    expect(inputsOf(snippetOf("automate", URL_OF, "{}")).headers).toEqual({
      "x-api-key": "@parameters('LooplyApiKey')",
      "Content-Type": "application/json",
    });
  });

  it("has quotes of all kinds as they are", () => {
    const value = { text: 'O\'Neill "said" `x` ´y´ “z” „ä“ ‘a’ \\ {a|b} $HOME !1 %2' };
    const body = JSON.stringify(value, null, 2);
    expect(shellText(snippetOf("curl", URL_OF, body))).toBe(body);
    expect(JSON.parse(abapText(snippetOf("abap", URL_OF, body)))).toEqual(value);
    expect(snippetOf("abap", URL_OF, body)).toContain("``x``");
    expect(inputsOf(snippetOf("automate", URL_OF, body)).body).toEqual(value);
  });

  it("is not longer in a line of ABAP than a literal may be", () => {
    for (const text of [
      "x".repeat(1_000),
      "`".repeat(1_000),
      "😀".repeat(1_000),
      "\u2028".repeat(300),
      "a`😀".repeat(300),
    ]) {
      const snippet = snippetOf("abap", URL_OF, JSON.stringify({ text }));
      expect(JSON.parse(abapText(snippet))).toEqual({ text });
      expect(longestLine(snippet)).toBeLessThanOrEqual(255);
      expect(snippet.split("\n").filter((line) => /\p{Surrogate}/u.test(line))).toEqual([]);
    }
  });

  it("of ABAP has each line break of what is no JSON, and none of JSON", () => {
    const text = "a\r\n\tb\n\nc\rd ";
    expect(abapText(snippetOf("abap", URL_OF, text))).toBe(text);
    expect(abapText(snippetOf("abap", URL_OF, '{\r\n\t"a": 1,\n  "b": 2\n}\n'))).toBe('{ "a": 1, "b": 2 }');
  });

  it("has a body that is no JSON as its text", () => {
    for (const body of ["order 4711", '{"a": ', '{"a": 1, "a": 2}', "@order.json", " "]) {
      expect(shellText(snippetOf("curl", URL_OF, body))).toBe(body);
      expect(abapText(snippetOf("abap", URL_OF, body))).toBe(body);
    }
    expect(inputsOf(snippetOf("automate", URL_OF, '{"a": ')).body).toBe('{"a": ');
    expect(inputsOf(snippetOf("automate", URL_OF, '"text"')).body).toBe('"text"');
  });

  it("has no body when there is none, or an empty one", () => {
    for (const language of LANGUAGES) {
      const snippet = snippetOf(language, URL_OF, null);
      expect(snippet).not.toMatch(/content.type|set_cdata|--data|"body"/i);
      expect(snippet).toContain("x-api-key");
      expect(snippetOf(language, URL_OF, "")).toBe(snippet);
    }
  });

  it("keeps all digits of numbers", () => {
    const body = '{"id": 12345678901234567890, "price": 1.00, "list": [1e3]}';
    for (const language of LANGUAGES) {
      for (const digits of ["12345678901234567890", "1.00", "1e3"]) {
        expect(snippetOf(language, URL_OF, body)).toContain(digits);
      }
    }
  });

  it("of a flow computes nothing of the body", () => {
    const body = JSON.stringify({ "@odata.type": "@x", "a@odata.bind": ["b@example.com", "c @{d}"] });
    expect(inputsOf(snippetOf("automate", URL_OF, body)).body).toEqual({
      "@@odata.type": "@@x",
      "a@odata.bind": ["b@example.com", "c @@{d}"],
    });
    expect(inputsOf(snippetOf("automate", URL_OF, "@x")).body).toBe("@@x");
  });

  it("is written for any text and any JSON", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", minLength: 1 }), fc.json()), (body) => {
        expect(shellText(snippetOf("curl", URL_OF, body))).toBe(body);
        const abap = snippetOf("abap", URL_OF, body);
        expect(longestLine(abap)).toBeLessThanOrEqual(255);
        expect(() => inputsOf(snippetOf("automate", URL_OF, body))).not.toThrow();
      }),
    );
  });
});

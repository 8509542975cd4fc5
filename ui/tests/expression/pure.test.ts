import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spanOf, toCodePoints, toUnits } from "../../src/expression/code-points";
import { joinParts, partsOf } from "../../src/expression/parts";
import { fallbackOf, fitOf } from "../../src/expression/types";
import { expressionSpans, wholeExpression } from "../../src/shared/expressions";

const text = fc.string({ unit: fc.constantFrom("a", "𝄞", "$", "{", "}", "'", "\\", ".", " ", "ü") });

describe("positions", () => {
  it("count a clef as one character at the server and as two units in the browser", () => {
    expect(toUnits("𝄞a𝄞b", 3)).toBe(5);
    expect(toCodePoints("𝄞a𝄞b", 5)).toBe(3);
    expect(spanOf("𝄞 ${x.y}", 4, 3)).toEqual({ from: 5, to: 8 });
    expect("𝄞 ${x.y}".slice(5, 8)).toBe("x.y");
  });

  it("are the same again on the way back", () => {
    fc.assert(
      fc.property(text, fc.nat(), (given, at) => {
        const codePoints = at % ([...given].length + 1);
        expect(toCodePoints(given, toUnits(given, codePoints))).toBe(codePoints);
        expect([...given.slice(0, toUnits(given, codePoints))].length).toBe(codePoints);
      }),
    );
  });

  it("within a character are those of the character, and beyond the text its end", () => {
    expect(toCodePoints("𝄞a", 1)).toBe(0);
    expect(toUnits("𝄞a", 99)).toBe(3);
    expect(toCodePoints("𝄞a", 99)).toBe(2);
  });
});

describe("the parts of a text", () => {
  it("are the text again, whatever it is", () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(joinParts(partsOf(given))).toBe(given);
      }),
    );
  });

  it("are words, paths and other expressions", () => {
    expect(partsOf("Order ${payload.output.po}: ${add(1, 2)}")).toEqual([
      { kind: "text", text: "Order " },
      { kind: "path", text: "payload.output.po", names: ["payload", "po"] },
      { kind: "text", text: ": " },
      { kind: "expression", text: "add(1, 2)" },
    ]);
  });

  it("see braces in texts and objects of an expression", () => {
    expect(partsOf("${json('}')}")).toEqual([{ kind: "expression", text: "json('}')" }]);
    expect(partsOf("${{a: {b: 1}}}!")).toEqual([
      { kind: "expression", text: "{a: {b: 1}}" },
      { kind: "text", text: "!" },
    ]);
    expect(partsOf("${'it\\'s}'}")).toEqual([{ kind: "expression", text: "'it\\'s}'" }]);
  });

  it("leave what is escaped or not closed as it is", () => {
    expect(partsOf("\\${x}")).toEqual([{ kind: "text", text: "\\${x}" }]);
    expect(partsOf("a ${b")).toEqual([{ kind: "text", text: "a ${b" }]);
    expect(expressionSpans("a ${b")).toMatchObject([{ from: 4, to: 5 }]);
  });

  it("show names of lists and of fields with spaces", () => {
    expect(partsOf("${http_1.output.data[0]['Net amount']}")[0]).toMatchObject({
      names: ["http_1", "data", "0", "Net amount"],
    });
  });

  it("see texts in backticks, with the expressions in them", () => {
    const given = "${`a } ${b({c: `}`})} \\${d} \\``} e";
    expect(partsOf(given)).toEqual([
      { kind: "expression", text: "`a } ${b({c: `}`})} \\${d} \\``" },
      { kind: "text", text: " e" },
    ]);
    const code = expressionSpans(given).flatMap((span) => span.code);
    expect(code.map(({ from, to }) => given.slice(from, to))).toEqual(["b({c: ", "})"]);
  });

  it("know a text that is one expression, whose value keeps its type", () => {
    expect(wholeExpression("${a.b}")).toBe("a.b");
    expect(wholeExpression("${a}${b}")).toBeNull();
    expect(wholeExpression("${a} ")).toBeNull();
    expect(wholeExpression("a")).toBeNull();
    expect(wholeExpression("${a")).toBeNull();
  });
});

describe("types", () => {
  it("fit, may be missing, or are wrong", () => {
    expect(fitOf("text", "text")).toBe("fits");
    expect(fitOf("whole number", "text")).toBe("fits");
    expect(fitOf("'a' or 'b'", "text")).toBe("fits");
    expect(fitOf("number or null", "number")).toBe("may-be-missing");
    expect(fitOf("text", "number")).toBe("wrong");
    expect(fitOf("null", "text")).toBe("wrong");
    expect(fitOf("list of object", "list")).toBe("fits");
    expect(fitOf("list of text", "text")).toBe("wrong");
    expect(fitOf("text or number", "number")).toBe("unknown");
    expect(fitOf("any", "number")).toBe("unknown");
    expect(fitOf(null, "number")).toBe("unknown");
  });

  it("have a value each that takes the place of a missing one", () => {
    expect(fallbackOf("number")).toBe("0");
    expect(fallbackOf("list")).toBe("[]");
  });
});

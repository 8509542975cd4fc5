import { describe, expect, it } from "vitest";
import { german } from "../../src/executions/text.de";
import { english } from "../../src/executions/text.en";

describe("how long an execution is open", () => {
  it("has no figure below a minute, since the present of a page is half a minute old at most", () => {
    expect([-1, 0, 59_999].map(english.openDuration)).toEqual(["under 1 min", "under 1 min", "under 1 min"]);
    expect(german.openDuration(0)).toBe("unter 1 min");
  });

  it("is that of an ended one above it", () => {
    expect(english.openDuration(61_000)).toBe("1 min");
    expect(german.openDuration(3 * 86_400_000)).toBe("3 T 0 h");
  });
});

describe("how long a step took", () => {
  it("is said as everywhere else: without a decimal that says nothing", () => {
    expect([8_000, 8_700].map(english.duration)).toEqual(["8 s", "8.7 s"]);
    expect([8_000, 8_700].map(german.duration)).toEqual(["8 s", "8,7 s"]);
    expect(german.nextAfter(90_000)).toBe("nach 1 min");
  });
});

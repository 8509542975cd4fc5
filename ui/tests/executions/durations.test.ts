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

import { describe, expect, it } from "vitest";
import { boundScale, SCALES, zoomLevel } from "../../src/studio/canvas/use-view";

describe("a scale of the canvas", () => {
  it.each([
    [0.1, "map"],
    [0.24, "map"],
    [0.25, "far"],
    [0.44, "far"],
    [0.45, "near"],
    [1, "near"],
    [1.5, "near"],
  ] as const)("of %d shows steps %s", (scale, level) => {
    expect(zoomLevel(scale)).toBe(level);
  });

  it.each([
    [0, 0.1],
    [-1, 0.1],
    [0.1, 0.1],
    [0.104, 0.1],
    [0.3 - 0.1, 0.2],
    [0.7 + 0.1, 0.8],
    [1.5, 1.5],
    [1.6, 1.5],
    [Number.POSITIVE_INFINITY, 1.5],
  ])("that would be %d is %d", (scale, bound) => {
    expect(boundScale(scale)).toBe(bound);
  });

  it("comes from the full size to each end in whole steps, and back", () => {
    const walk = (by: number): number[] => {
      const seen = [1];
      for (let count = 0; count < 20; count += 1) seen.push(boundScale((seen.at(-1) ?? 1) + by));
      return seen;
    };
    expect(walk(-SCALES.step).slice(0, 11)).toEqual([1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1]);
    expect(walk(SCALES.step).slice(0, 7)).toEqual([1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.5]);
  });
});

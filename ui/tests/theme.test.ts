import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const text = readFileSync(resolve(import.meta.dirname, "../src/shared/theme.css"), "utf-8");
const [light = "", dark = ""] = text.split("@media (prefers-color-scheme: dark)");

function colorsOf(part: string): Record<string, string> {
  return Object.fromEntries(
    [...part.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, color]) => [name, color]),
  );
}

const schemes = [
  ["light", colorsOf(light)],
  ["dark", { ...colorsOf(light), ...colorsOf(dark) }],
] as const;

/** Relative luminance of a color `#rrggbb`, as WCAG 2.2 defines it. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const SURFACES = ["page", "surface", "surface-raised", "surface-emphasis", "accent-surface"];
const TONES = ["good", "warning", "bad"];

/** What is read on what. */
const TEXTS = [
  ...["text", "text-subtle", "link"].flatMap((ink) => SURFACES.map((ground) => [ink, ground])),
  ...["text", "text-subtle"].flatMap((ink) => TONES.map((tone) => [ink, `${tone}-surface`])),
  ...TONES.flatMap((tone) => [...SURFACES, `${tone}-surface`].map((ground) => [tone, ground])),
  ...TONES.map((tone) => ["surface", tone]),
  ...["brand", "brand-hover", "brand-pressed"].map((ground) => ["on-brand", ground]),
  ["on-bad", "bad"],
  ...["text", "text-subtle", "link", ...TONES].map((ink) => [ink, "highlight"]),
] as [string, string][];

describe.each(schemes)("the %s colors", (_name, colors) => {
  const between = (one: string, other: string) => contrast(colors[one] ?? "", colors[other] ?? "");

  it.each(TEXTS)("let %s be read on %s (WCAG 2.2, 1.4.3)", (ink, ground) => {
    expect(between(ink, ground)).toBeGreaterThanOrEqual(4.5);
  });

  it.each([...SURFACES, ...TONES.map((tone) => `${tone}-surface`)])(
    "let the focus be seen on %s (1.4.11)",
    (ground) => {
      expect(between("focus", ground)).toBeGreaterThanOrEqual(3);
    },
  );

  it("let the border of an input be seen (1.4.11)", () => {
    expect(between("line-strong", "surface")).toBeGreaterThanOrEqual(3);
  });
});

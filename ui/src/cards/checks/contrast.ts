/** Whether the chosen colors can be read: each text on its background, in the themes of Teams. */

import { textOf } from "../../shared/http";
import type { Part } from "../document/outline";
import type { Check } from "./check";

type Theme = "light" | "dark";
/** [text, subtle text] */
type Tone = readonly [string, string];

/**
 * What Teams shows for the names of colors, on white and on its dark gray; half-transparent ones as they are seen there.
 * Source: `samples/HostConfig/microsoft-teams-light.json` and `-dark.json` in the repository of Adaptive Cards.
 */
const TONES: Readonly<Record<Theme, Readonly<Record<string, Tone>>>> = {
  light: {
    default: ["#252424", "#5b5b5b"],
    dark: ["#252424", "#5b5b5b"],
    light: ["#ffffff", "#f3f2f1"],
    accent: ["#6264a7", "#8b8cc7"],
    good: ["#92c353", "#9dc964"],
    warning: ["#f8d22a", "#f9d740"],
    attention: ["#c4314b", "#ca465d"],
  },
  dark: {
    default: ["#ffffff", "#cbcbcb"],
    dark: ["#201f1f", "#2d2c2c"],
    light: ["#ffffff", "#cbcbcb"],
    accent: ["#a6a7dc", "#8b8cc7"],
    good: ["#92c353", "#88b44f"],
    warning: ["#f8d22a", "#e3c12a"],
    attention: ["#d74654", "#c64350"],
  },
};
/** The styles with a color are bright in both themes, and their usual text is dark. */
const BRIGHT: Readonly<Record<string, string>> = {
  accent: "#c7def9",
  good: "#ccffcc",
  warning: "#ffe2b2",
  attention: "#ffc5b2",
};
const ON_BRIGHT: Tone = ["#201f1f", "#2d2c2c"];
const PLAIN: Readonly<Record<Theme, Readonly<Record<string, string>>>> = {
  light: { default: "#ffffff", emphasis: "#f9f8f7" },
  dark: { default: "#2d2c2c", emphasis: "#292828" },
};
/** WCAG 2.2, 1.4.3. */
const ENOUGH = 4.5;

/** Returns a warning for each text that cannot be read well on the background of its container. */
export function contrastFindings(parts: readonly Part[]): readonly Check[] {
  const found: Check[] = [];
  /** The parts with a background around the one that is looked at, the innermost last. */
  const around: Part[] = [];
  for (const part of parts) {
    while ((around.at(-1)?.level ?? 0) >= part.level) around.pop();
    const ratio = isText(part) ? worst(part, around.at(-1)) : null;
    if (ratio !== null && ratio < ENOUGH) {
      const detail = ratio.toFixed(1);
      found.push({ code: "CONTRAST_LOW", level: "warning", pointer: part.pointer, property: "color", detail });
    }
    if (textOf(part.value.style) !== null || part.value.backgroundImage !== undefined) around.push(part);
  }
  return found;
}

function isText({ type }: Part): boolean {
  return type === "TextBlock" || type === "TextRun";
}

/** Null where it cannot be known: a picture behind, or a color that data choose. */
function worst({ value }: Part, around: Part | undefined): number | null {
  if (around?.value.backgroundImage !== undefined) return null;
  const style = String(around?.value.style ?? "default").toLowerCase();
  const color = String(value.color ?? "default").toLowerCase();
  const ratios = (["light", "dark"] as const).map((theme) => {
    const bright = BRIGHT[style];
    const tone = bright !== undefined && color === "default" ? ON_BRIGHT : TONES[theme][color];
    const behind = bright ?? PLAIN[theme][style] ?? PLAIN[theme].default;
    return tone === undefined || behind === undefined ? null : ratioOf(tone[value.isSubtle === true ? 1 : 0], behind);
  });
  const known = ratios.filter((ratio) => ratio !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Returns the contrast of two colors such as `#ffffff`, from 1 to 21. Source: WCAG 2.2, contrast ratio. */
export function ratioOf(one: string, other: string): number {
  const [bright, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((bright ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

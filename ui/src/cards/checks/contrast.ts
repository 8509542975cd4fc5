/** Whether the chosen colors can be read: each text on its background, in the themes of Teams. */

import { textOf } from "../../shared/http";
import type { Part } from "../document/outline";
import type { Check } from "./checks";

type Theme = "light" | "dark";
/** [text, subtle text] */
type Tone = readonly [string, string];

/** Source: the colors of our card frame (`shared/theme.css`, `frame/frame.css`), in the same names as cards have. */
const TONES: Readonly<Record<Theme, Readonly<Record<string, Tone>>>> = {
  light: {
    default: ["#242424", "#616161"],
    dark: ["#242424", "#616161"],
    light: ["#616161", "#616161"],
    accent: ["#4f52b2", "#4f52b2"],
    good: ["#0e700e", "#0e700e"],
    warning: ["#835c00", "#835c00"],
    attention: ["#b10e1c", "#b10e1c"],
  },
  dark: {
    default: ["#ffffff", "#b8b8b8"],
    dark: ["#ffffff", "#b8b8b8"],
    light: ["#b8b8b8", "#b8b8b8"],
    accent: ["#aab1fa", "#aab1fa"],
    good: ["#6ccb5f", "#6ccb5f"],
    warning: ["#f2c661", "#f2c661"],
    attention: ["#ff8d96", "#ff8d96"],
  },
};
const SURFACES: Readonly<Record<Theme, Readonly<Record<string, string>>>> = {
  light: {
    ...{ default: "#ffffff", emphasis: "#f0f0f0", accent: "#f0f0fb", good: "#f1faf1" },
    ...{ warning: "#fef7e6", attention: "#fdf3f4" },
  },
  dark: {
    ...{ default: "#292929", emphasis: "#333333", accent: "#2b2b40", good: "#16281a" },
    ...{ warning: "#33270a", attention: "#3b1519" },
  },
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
  const surface = String(around?.value.style ?? "default").toLowerCase();
  const color = String(value.color ?? "default").toLowerCase();
  const ratios = (["light", "dark"] as const).map((theme) => {
    const tone = TONES[theme][color]?.[value.isSubtle === true ? 1 : 0];
    const behind = SURFACES[theme][surface] ?? SURFACES[theme].default;
    return tone === undefined || behind === undefined ? null : ratioOf(tone, behind);
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

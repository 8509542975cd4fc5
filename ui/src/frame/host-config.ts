/**
 * How cards look here: the proportions of Teams, the colors of `theme.css`.
 *
 * The renderer copies color texts as they are, so custom properties go through it and a change of light and dark
 * needs no second rendering.
 */

import { HostConfig } from "adaptivecards";
import type { FrameLook } from "./messages";

const highlightColors = { default: "var(--highlight)", subtle: "var(--highlight)" };

const ink = (name: string, subtle = name) => ({
  default: `var(--${name})`,
  subtle: `var(--${subtle})`,
  highlightColors,
});

const foregroundColors = {
  default: ink("text", "text-subtle"),
  dark: ink("text", "text-subtle"),
  light: ink("text-subtle"),
  accent: ink("link"),
  good: ink("good"),
  warning: ink("warning"),
  attention: ink("bad"),
};

/** Those of Teams, by the tones of `frame.css`. */
const teamsColors = (text: string) => ({
  default: ink(text, `${text}-subtle`),
  dark: ink("tone-dark"),
  light: ink("tone-light"),
  accent: ink("tone-accent"),
  good: ink("tone-good"),
  warning: ink("tone-warning"),
  attention: ink("tone-attention"),
});

const container = (surface: string, colors: object = foregroundColors) => ({
  backgroundColor: `var(--${surface})`,
  borderColor: "var(--line)",
  foregroundColors: colors,
});

/** Where Teams differs. Source: `samples/HostConfig/microsoft-teams-light.json` in the repository of Adaptive Cards. */
const TEAMS = {
  containerStyles: {
    default: container("surface", teamsColors("text")),
    emphasis: container("surface-emphasis", teamsColors("text")),
    accent: container("accent-surface", teamsColors("tone-bright")),
    good: container("good-surface", teamsColors("tone-bright")),
    warning: container("warning-surface", teamsColors("tone-bright")),
    attention: container("bad-surface", teamsColors("tone-bright")),
  },
  spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
  actions: {
    maxActions: 6,
    spacing: "default",
    buttonSpacing: 8,
    showCard: { actionMode: "inline", inlineTopMargin: 16, style: "emphasis" },
    actionsOrientation: "horizontal",
    actionAlignment: "left",
    allowTitleToWrap: true,
  },
} as const;

export function hostConfig(supportsInteractivity: boolean, look: FrameLook): HostConfig {
  const config = new HostConfig({
    supportsInteractivity,
    fontTypes: {
      default: {
        fontFamily: "var(--font)",
        fontSizes: { small: 12, default: 14, medium: 16, large: 20, extraLarge: 24 },
        fontWeights: { lighter: 300, default: 400, bolder: 600 },
      },
      monospace: {
        fontFamily: "var(--font-mono)",
        fontSizes: { small: 12, default: 14, medium: 16, large: 20, extraLarge: 24 },
        fontWeights: { lighter: 300, default: 400, bolder: 600 },
      },
    },
    lineHeights: { small: 16, default: 20, medium: 22, large: 28, extraLarge: 32 },
    spacing: { small: 4, default: 8, medium: 12, large: 16, extraLarge: 24, padding: 20 },
    separator: { lineThickness: 1, lineColor: "var(--line)" },
    imageSizes: { small: 32, medium: 52, large: 100 },
    containerStyles: {
      default: container("surface"),
      emphasis: container("surface-emphasis"),
      accent: container("accent-surface"),
      good: container("good-surface"),
      warning: container("warning-surface"),
      attention: container("bad-surface"),
    },
    inputs: {
      label: {
        inputSpacing: "small",
        requiredInputs: { weight: "default", suffix: " *", suffixColor: "attention" },
        optionalInputs: { weight: "default" },
      },
      errorMessage: { spacing: "small", color: "attention", weight: "default" },
    },
    actions: {
      maxActions: 20,
      spacing: "large",
      buttonSpacing: 8,
      showCard: { actionMode: "inline", inlineTopMargin: 12, style: "emphasis" },
      actionsOrientation: "horizontal",
      actionAlignment: "left",
      allowTitleToWrap: true,
    },
    adaptiveCard: { allowCustomStyle: true },
    imageSet: { imageSize: "medium", maxImageHeight: 120 },
    factSet: {
      title: { color: "default", isSubtle: true, weight: "default", wrap: true, maxWidth: 160 },
      value: { color: "default", weight: "default", wrap: true },
      spacing: 16,
    },
    table: { cellSpacing: 8 },
    textBlock: { headingLevel: 2 },
    ...(look === "teams" && TEAMS),
    textStyles: {
      heading: { size: "large", weight: "bolder", color: "default", isSubtle: false, fontType: "default" },
      columnHeader: { size: "small", weight: "bolder", color: "default", isSubtle: true, fontType: "default" },
    },
  });
  config.cssClassNamePrefix = "";
  return config;
}

/** Light, dark and high contrast: the Teams themes of Fluent, with our own tokens beside them. */

import {
  FluentProvider,
  type Theme,
  teamsDarkTheme,
  teamsHighContrastTheme,
  teamsLightTheme,
} from "@fluentui/react-components";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";

export const THEMES = ["system", "light", "dark", "contrast"] as const;
/** `system`: as the machine has it. */
export type ThemeChoice = (typeof THEMES)[number];
export type ThemeName = Exclude<ThemeChoice, "system">;

export const DENSITIES = ["comfortable", "compact"] as const;
export type Density = (typeof DENSITIES)[number];

const FULL_HEIGHT = { height: "100%" };
const FACE = '"Segoe UI Variable Text", "Segoe UI", system-ui, -apple-system, sans-serif';
const MONOSPACE = 'ui-monospace, "Cascadia Mono", Consolas, monospace';
const FLUENT: Readonly<Record<ThemeName, Theme>> = {
  light: withFaces(teamsLightTheme),
  dark: withFaces(teamsDarkTheme),
  contrast: withFaces(teamsHighContrastTheme),
};

function withFaces(theme: Theme): Theme {
  return { ...theme, fontFamilyBase: FACE, fontFamilyMonospace: MONOSPACE };
}

/** Returns the theme of a choice on this machine, and follows the machine. */
export function useThemeName(choice: ThemeChoice): ThemeName {
  const isDark = useMedia("(prefers-color-scheme: dark)");
  if (choice !== "system") return choice;
  return isDark ? "dark" : "light";
}

/** Returns whether a media query matches, and follows it. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const found = window.matchMedia(query);
      found.addEventListener("change", onChange);
      return () => found.removeEventListener("change", onChange);
    },
    () => window.matchMedia(query).matches,
  );
}

/** Returns whether the screen is that of a phone: the rail is a bar at its foot, panes follow each other. */
export function useIsPhone(): boolean {
  return useMedia("(max-width: 767px)");
}

/** Gives all components below their colors, type and density. */
export function ThemeProvider({ theme, density, children }: ThemeProps) {
  useEffect(() => {
    // Our own tokens lie on the root, so that what Fluent draws beside the page has them too.
    document.documentElement.dataset.theme = theme;
    document.documentElement.dataset.density = density;
  }, [theme, density]);
  return (
    // Not by a class: Fluent gives classes of this element to every dialog and menu, which would then cover the page.
    <FluentProvider theme={FLUENT[theme]} style={FULL_HEIGHT}>
      {children}
    </FluentProvider>
  );
}

interface ThemeProps {
  theme: ThemeName;
  density: Density;
  children: ReactNode;
}

/** Microsoft Teams around the tab: what it says of the reader, and the token by which they are known. */

import type { ThemeName } from "../kit/theme";

/** How the reader has Teams: its theme, and a language such as `de-DE`. */
export interface TeamsLook {
  theme: ThemeName;
  locale: string;
}

export interface TeamsHost {
  /** Begins the conversation with Teams. Rejects outside of it. */
  start: () => Promise<TeamsLook>;
  /** Follows the theme, which the reader can change while the tab is open. */
  onTheme: (take: (theme: ThemeName) => void) => void;
  /** Gives the token of Entra for the reader, for each call again: Teams keeps one, and renews it in time. */
  token: () => Promise<string>;
}

/** Returns our name of a theme of Teams; a name that is not known is that of a light one. */
export function themeOf(name: string): ThemeName {
  if (name === "contrast") return "contrast";
  return name === "dark" || name === "glass" ? "dark" : "light";
}

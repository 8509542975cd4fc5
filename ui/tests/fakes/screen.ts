/** The screen of tests: jsdom has none, so media queries are answered here. */

import { act } from "@testing-library/react";

interface Screen {
  isPhone: boolean;
  isDark: boolean;
}

const DESKTOP: Screen = { isPhone: false, isDark: false };
let screen = DESKTOP;
const followers = new Set<() => void>();

function matches(query: string): boolean {
  if (query.includes("max-width: 767px")) return screen.isPhone;
  if (query.includes("prefers-color-scheme: dark")) return screen.isDark;
  return false;
}

export function installScreen(): void {
  screen = DESKTOP;
  Object.defineProperty(window, "matchMedia", {
    configurable: true,
    value: (query: string) => ({
      media: query,
      get matches() {
        return matches(query);
      },
      addEventListener: (_: string, follower: () => void) => followers.add(follower),
      removeEventListener: (_: string, follower: () => void) => followers.delete(follower),
    }),
  });
}

export function changeScreen(next: Partial<Screen>): void {
  screen = { ...screen, ...next };
  act(() => {
    for (const follower of followers) follower();
  });
}

/** Lets the app speak German from its start, as for a person who has chosen it before. */
export function speakGerman(): void {
  localStorage.setItem("looply.preferences", JSON.stringify({ language: "de" }));
}

/** What a person has chosen for the app. Kept in the browser, so that the first paint has it, and on the server. */

import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { DENSITIES, type Density, THEMES, type ThemeChoice } from "../kit/theme";
import { isObject } from "../shared/http";
import { TIME_STYLES, type TimeStyle } from "../text/formats";
import { LANGUAGES, type Language, languageOf } from "../text/language";

export interface Preferences {
  theme: ThemeChoice;
  density: Density;
  language: Language;
  time: TimeStyle;
  /** Whether the rail shows names beside its pictures. */
  isRailOpen: boolean;
}

/** What keeps a text: the browser, or the memory of a page. */
export type Keep = Pick<Storage, "getItem" | "setItem">;

const KEY = "looply.preferences";
export const RAIL = [true, false] as const;

/** Returns the preferences in a JSON value; what is missing or unknown is as `fallback` has it. */
export function preferencesOf(value: unknown, fallback: Preferences): Preferences {
  const found = isObject(value) ? value : {};
  return {
    theme: oneOf(THEMES, found.theme) ?? fallback.theme,
    density: oneOf(DENSITIES, found.density) ?? fallback.density,
    language: oneOf(LANGUAGES, found.language) ?? fallback.language,
    time: oneOf(TIME_STYLES, found.time) ?? fallback.time,
    isRailOpen: oneOf(RAIL, found.isRailOpen) ?? fallback.isRailOpen,
  };
}

/** Returns what holds before a person chooses; `languages` are those of the browser. */
export function defaultPreferences(languages: readonly string[]): Preferences {
  return {
    theme: "system",
    density: "comfortable",
    language: languageOf(languages),
    time: "local",
    isRailOpen: true,
  };
}

interface Chosen {
  preferences: Preferences;
  /** Takes some preferences and keeps all in the browser. */
  choose: (some: Partial<Preferences>) => void;
}

const PreferencesContext = createContext<Chosen | null>(null);

/** Gives all below it the preferences, and keeps them in the browser. */
export function PreferencesProvider({ keep = localStorage, children }: { keep?: Keep; children: ReactNode }) {
  const [preferences, setPreferences] = useState(() => read(keep));
  const value = useMemo(() => {
    const choose = (some: Partial<Preferences>): void => {
      const next = { ...preferences, ...some };
      setPreferences(next);
      write(keep, next);
    };
    return { preferences, choose };
  }, [preferences, keep]);
  return <PreferencesContext value={value}>{children}</PreferencesContext>;
}

/** Returns the preferences and how they are changed. Throws without a `PreferencesProvider` above. */
export function usePreferences(): Chosen {
  const chosen = useContext(PreferencesContext);
  if (chosen === null) throw new Error("usePreferences needs a PreferencesProvider above");
  return chosen;
}

function read(keep: Keep): Preferences {
  const fallback = defaultPreferences(navigator.languages);
  try {
    return preferencesOf(JSON.parse(keep.getItem(KEY) ?? "{}"), fallback);
  } catch {
    return fallback;
  }
}

function write(keep: Keep, preferences: Preferences): void {
  try {
    keep.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // A browser that keeps nothing has the defaults at its next visit.
  }
}

function oneOf<Value>(known: readonly Value[], value: unknown): Value | null {
  return known.find((each) => each === value) ?? null;
}

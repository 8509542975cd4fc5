import { type ReactNode, useEffect } from "react";
import { ThemeProvider, useThemeName } from "./kit/theme";
import { usePreferences } from "./session/preferences";
import { LanguageProvider } from "./text/language";
import { type Clock, TimesProvider } from "./text/time";

/** What a person has chosen, for all components below. */
export function PreferredLook({ clock, children }: { clock?: Clock; children: ReactNode }) {
  const { theme, density, language, time } = usePreferences().preferences;
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return (
    <LanguageProvider language={language}>
      <TimesProvider style={time} {...(clock === undefined ? {} : { clock })}>
        <ThemeProvider theme={useThemeName(theme)} density={density}>
          {children}
        </ThemeProvider>
      </TimesProvider>
    </LanguageProvider>
  );
}

/** Puts the app together: client, cache, preferences, language, times, theme and router. */

import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import type { Api } from "./api/client";
import { ApiProvider } from "./api/context";
import { createQueryClient } from "./api/query-client";
import { StreamProvider } from "./api/stream/context";
import { type HeadStream, SILENT } from "./api/stream/heads";
import { ThemeProvider, useThemeName } from "./kit/theme";
import type { createAppRouter } from "./router";
import { type Keep, PreferencesProvider, usePreferences } from "./session/preferences";
import { createFlag, SignedOutProvider } from "./session/signed-out";
import { CommandsProvider, createCommandRegistry } from "./shell/commands/commands";
import { LanguageProvider } from "./text/language";
import { type Clock, TimesProvider } from "./text/time";

interface AppProps {
  api: Api;
  router: ReturnType<typeof createAppRouter>;
  /** News of executions; without one, screens read again from time to time. */
  stream?: HeadStream;
  /** Where preferences are kept, if not in the browser. */
  keep?: Keep;
  clock?: Clock;
  /** How often a GET is repeated when no answer arrives. */
  repeats?: number;
}

export function App({ api, router, stream = SILENT, keep, clock, repeats }: AppProps) {
  const [flag] = useState(createFlag);
  const [registry] = useState(createCommandRegistry);
  const queries = useMemo(
    () => createQueryClient(() => flag.set(true), repeats === undefined ? {} : { repeats }),
    [flag, repeats],
  );
  return (
    <ApiProvider api={api}>
      <QueryClientProvider client={queries}>
        <StreamProvider stream={stream}>
          <SignedOutProvider flag={flag}>
            <PreferencesProvider {...(keep && { keep })}>
              <Look {...(clock === undefined ? {} : { clock })}>
                <CommandsProvider registry={registry}>
                  <RouterProvider router={router} />
                </CommandsProvider>
              </Look>
            </PreferencesProvider>
          </SignedOutProvider>
        </StreamProvider>
      </QueryClientProvider>
    </ApiProvider>
  );
}

/** What a person has chosen, for all components below. */
function Look({ clock, children }: { clock?: Clock; children: ReactNode }) {
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

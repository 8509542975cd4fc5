/** Puts the app together: client, cache, preferences, language, times, theme and router. */

import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import type { Api } from "./api/client";
import { ApiProvider } from "./api/context";
import { createQueryClient } from "./api/query-client";
import { StreamProvider } from "./api/stream/context";
import { type HeadStream, SILENT } from "./api/stream/heads";
import { PreferredLook } from "./PreferredLook";
import type { createAppRouter } from "./router";
import { PreferencesProvider } from "./session/preferences";
import { createFlag, SignedOutProvider } from "./session/signed-out";
import { watchPresses } from "./shared/presses";
import { CommandsProvider, createCommandRegistry } from "./shell/commands/commands";
import type { Clock } from "./text/time";

interface AppProps {
  api: Api;
  router: ReturnType<typeof createAppRouter>;
  /** News of executions; without one, screens read again from time to time. */
  stream?: HeadStream;
  clock?: Clock;
  /** How often a GET is repeated when no answer arrives. */
  repeats?: number;
}

export function App({ api, router, stream = SILENT, clock, repeats }: AppProps) {
  const [flag] = useState(createFlag);
  const [registry] = useState(createCommandRegistry);
  const queries = useMemo(
    () => createQueryClient(() => flag.set(true), repeats === undefined ? {} : { repeats }),
    [flag, repeats],
  );
  useEffect(() => watchPresses(window), []);
  const reading = useMemo(() => ({ api, queries }), [api, queries]);
  return (
    <ApiProvider api={api}>
      <QueryClientProvider client={queries}>
        <StreamProvider stream={stream}>
          <SignedOutProvider flag={flag}>
            <PreferencesProvider>
              <PreferredLook {...(clock === undefined ? {} : { clock })}>
                <CommandsProvider registry={registry}>
                  <RouterProvider router={router} context={reading} />
                </CommandsProvider>
              </PreferredLook>
            </PreferencesProvider>
          </SignedOutProvider>
        </StreamProvider>
      </QueryClientProvider>
    </ApiProvider>
  );
}

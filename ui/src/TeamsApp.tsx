/** Puts the tab of Teams together: the own inbox of the app, for whom Teams names, as Teams looks. */

import { QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  RouterProvider,
} from "@tanstack/react-router";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { ApiProvider } from "./api/context";
import { createQueryClient } from "./api/query-client";
import { StreamProvider } from "./api/stream/context";
import { SILENT } from "./api/stream/heads";
import { Loading } from "./kit/states/Loading";
import type { ThemeChoice } from "./kit/theme";
import { PreferredLook } from "./PreferredLook";
import { defaultPreferences, PreferencesProvider, usePreferences } from "./session/preferences";
import { createFlag, SignedOutProvider } from "./session/signed-out";
import { watchPresses } from "./shared/presses";
import { CommandsProvider, createCommandRegistry } from "./shell/commands/commands";
import type { TeamsHost, TeamsLook } from "./teams/host";
import { Outside, Tab } from "./teams/Tab";
import { createTabApi } from "./teams/tab-api";
import type { Clock } from "./text/time";

interface TeamsAppProps {
  host: TeamsHost;
  /** The id of the connection of the bot, which the address of the tab has. */
  connection: string;
  send?: typeof fetch;
  clock?: Clock;
  /** How often a GET is repeated when no answer arrives. */
  repeats?: number;
}

export function TeamsApp(props: TeamsAppProps) {
  const look = useLook(props.host);
  if (look === "waiting") {
    return (
      <Looking key={look} theme="system" locale={navigator.language} {...props}>
        <Loading />
      </Looking>
    );
  }
  const isOutside = look === "outside";
  const shown = isOutside ? { theme: "light" as const, locale: navigator.language } : look;
  return (
    <Looking key="shown" {...shown} {...props}>
      {isOutside ? <Outside /> : <Inbox {...props} />}
    </Looking>
  );
}

interface LookingProps extends Pick<TeamsAppProps, "clock"> {
  theme: ThemeChoice;
  locale: string;
  children: ReactNode;
}

/** Draws what lies within in a theme and a language, which hold from the first paint. */
function Looking({ theme, locale, clock, children }: LookingProps) {
  return (
    <PreferencesProvider keep={keepOf(theme, locale)}>
      <PreferredLook {...(clock !== undefined && { clock })}>{children}</PreferredLook>
    </PreferencesProvider>
  );
}

function Inbox({ host, connection, send, repeats }: TeamsAppProps) {
  const { choose } = usePreferences();
  const [flag] = useState(createFlag);
  const [registry] = useState(createCommandRegistry);
  const [router] = useState(createTabRouter);
  const api = useMemo(() => createTabApi(host, connection, send), [host, connection, send]);
  const queries = useMemo(
    () => createQueryClient(() => flag.set(true), repeats === undefined ? {} : { repeats }),
    [flag, repeats],
  );
  useEffect(() => watchPresses(window), []);
  useEffect(() => host.onTheme((theme) => choose({ theme })), [host, choose]);
  return (
    <ApiProvider api={api}>
      <QueryClientProvider client={queries}>
        <StreamProvider stream={SILENT}>
          <SignedOutProvider flag={flag}>
            <CommandsProvider registry={registry}>
              <RouterProvider router={router} />
            </CommandsProvider>
          </SignedOutProvider>
        </StreamProvider>
      </QueryClientProvider>
    </ApiProvider>
  );
}

/** Returns how Teams looks once it has said so. */
function useLook(host: TeamsHost): TeamsLook | "waiting" | "outside" {
  const [look, setLook] = useState<TeamsLook | "waiting" | "outside">("waiting");
  useEffect(() => void host.start().then(setLook, () => setLook("outside")), [host]);
  return look;
}

/** Returns what holds the preferences of the tab: those of Teams, kept nowhere. */
function keepOf(theme: ThemeChoice, locale: string): Pick<Storage, "getItem" | "setItem"> {
  const preferences = { ...defaultPreferences([locale, ...navigator.languages]), theme };
  return { getItem: () => JSON.stringify(preferences), setItem: () => undefined };
}

/** Returns the router of the tab. Its addresses are those of the app, so that a link in a new window leads there. */
function createTabRouter() {
  const root = createRootRouteWithContext()({ component: Outlet });
  const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Tab, pendingComponent: Loading });
  const inbox = createRoute({
    getParentRoute: () => shell,
    path: "/inbox",
    validateSearch: inboxSearch,
    component: lazyRouteComponent(() => import("./inbox/InboxPage"), "InboxPage"),
  });
  const decided = createRoute({
    getParentRoute: () => shell,
    path: "/inbox/decided",
    component: lazyRouteComponent(() => import("./inbox/DecidedPage"), "DecidedPage"),
  });
  const requested = createRoute({
    getParentRoute: () => shell,
    path: "/inbox/requested",
    component: lazyRouteComponent(() => import("./inbox/RequestedPage"), "RequestedPage"),
  });
  const absence = createRoute({
    getParentRoute: () => shell,
    path: "/inbox/absence",
    component: lazyRouteComponent(() => import("./inbox/AbsencePage"), "AbsencePage"),
  });
  return createRouter({
    routeTree: root.addChildren([shell.addChildren([inbox, decided, requested, absence])]),
    basepath: "/app",
    history: createMemoryHistory({ initialEntries: ["/app/inbox"] }),
  });
}

function inboxSearch({ card, show }: Record<string, unknown>): { card?: string; show?: string } {
  return { ...(typeof card === "string" && { card }), ...(typeof show === "string" && { show }) };
}

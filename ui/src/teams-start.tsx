/**
 * The personal tab of Microsoft Teams: the app with the frame of `teams/Tab.tsx`, for whom Teams names, as Teams looks.
 *
 * What the app has in its first chunk comes as properties: an import would divide that chunk.
 */

import { type ComponentType, useEffect, useMemo, useState } from "react";
import type { App } from "./App";
import type { createApi } from "./api/client";
import type { shell } from "./root-routes";
import type { createAppRouter } from "./router";
import type { Keep } from "./session/preferences";
import { browserHost } from "./teams/browser-host";
import { TabContext } from "./teams/context";
import type { TeamsHost, TeamsLook } from "./teams/host";
import { Shell } from "./teams/Tab";
import { createTabApi } from "./teams/tab-api";
import { languageOf } from "./text/language";
import type { Clock } from "./text/time";

interface StartProps {
  App: typeof App;
  createApi: typeof createApi;
  createRouter: typeof createAppRouter;
  Outlet: ComponentType;
  /** The frame of every screen, in the place of which the tab has its own. */
  shell: typeof shell;
  host?: TeamsHost;
  /** The id of the connection of the bot, which the address of the tab has. */
  connection?: string;
  send?: typeof fetch;
  clock?: Clock;
  repeats?: number;
}

const HOST = browserHost();
// Read once: the router knows nothing of it, and takes it out of the address.
const CONNECTION = new URLSearchParams(window.location.search).get("connection") ?? "";

export function Start({ App: Shown, createApi: create, createRouter, Outlet, shell: frame, host = HOST, ...given }: StartProps) {
  const { connection = CONNECTION, send, ...rest } = given;
  const look = useLook(host);
  const api = useMemo(() => createTabApi(create, host, connection, send), [create, host, connection, send]);
  const [router] = useState(() => {
    // The frame of the app may have no other page around it than one of ours.
    document.documentElement.dataset.cardFrame = "/teams/card-frame";
    frame.update({ component: Shell });
    return createRouter(undefined, "/teams");
  });
  const facts = useMemo(() => ({ host, isOutside: look === "outside", Outlet }), [host, look, Outlet]);
  const keep = useMemo(() => keepOf(look), [look]);
  if (look === "waiting") return null;
  return (
    <TabContext value={facts}>
      <Shown api={api} router={router} keep={keep} {...rest} />
    </TabContext>
  );
}

type Look = TeamsLook | "waiting" | "outside";

/** Returns how Teams looks once it has said so. */
function useLook(host: TeamsHost): Look {
  const [look, setLook] = useState<Look>("waiting");
  useEffect(() => void host.start().then(setLook, () => setLook("outside")), [host]);
  return look;
}

/** Returns what holds the preferences of the tab: those of Teams, kept nowhere. */
function keepOf(look: Look): Keep {
  const { theme, locale } = typeof look === "string" ? { theme: "system", locale: navigator.language } : look;
  const preferences = JSON.stringify({ theme, language: languageOf([locale, ...navigator.languages]) });
  return { getItem: () => preferences, setItem: () => undefined };
}

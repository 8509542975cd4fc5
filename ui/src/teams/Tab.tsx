/** The frame of the tab: whose it is, then the screens of the inbox, without the rail, the bar and the keys of the app. */

import { Link as Anchor } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useApi } from "../api/context";
import { sessionQuery } from "../api/queries/session/session";
import { Empty } from "../kit/states/Empty";
import { Loading } from "../kit/states/Loading";
import { OfflineBar } from "../kit/states/offline";
import { Problem } from "../kit/states/Problem";
import { usePreferences } from "../session/preferences";
import { SessionProvider } from "../session/session";
import { useText } from "../text/language";
import { useTab } from "./context";
import styles from "./teams.module.css";
import { TEXTS } from "./text";

export function Shell() {
  useTheme();
  return useTab().isOutside ? <Outside /> : <Inside />;
}

function Inside() {
  const { codes } = useText(TEXTS);
  const { data, error, refetch } = useQuery(sessionQuery(useApi()));
  if (data !== undefined) {
    return (
      <SessionProvider session={data}>
        <Screens />
      </SessionProvider>
    );
  }
  if (error === null) return <Loading />;
  return (
    <>
      <Problem error={error} words={codes} onRetry={() => void refetch()} />
      <InBrowser />
    </>
  );
}

/** Follows the theme of Teams. */
function useTheme(): void {
  const { host } = useTab();
  const latest = useRef(usePreferences());
  latest.current = usePreferences();
  useEffect(() => host.onTheme((theme) => latest.current.choose({ theme })), [host]);
}

function Screens() {
  const { Outlet } = useTab();
  return (
    <div className={styles.tab}>
      <OfflineBar />
      <main className={styles.content} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

/** What the tab shows where there is no Teams around it. */
function Outside() {
  const text = useText(TEXTS);
  return (
    <>
      <Empty icon="inbox" title={text.outside}>
        {text.outsideHint}
      </Empty>
      <InBrowser />
    </>
  );
}

function InBrowser() {
  const { openBrowser } = useText(TEXTS);
  return (
    <p className={styles.browser}>
      <Anchor href="/app/inbox" target="_blank" rel="noreferrer">
        {openBrowser}
      </Anchor>
    </p>
  );
}

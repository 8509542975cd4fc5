/** The frame of the tab: whose it is, then the screens of the inbox, without the rail and the bar of the app. */

import { Link as Anchor } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { sessionQuery } from "../api/queries/session/session";
import { Empty } from "../kit/states/Empty";
import { Loading } from "../kit/states/Loading";
import { OfflineBar } from "../kit/states/offline";
import { Problem } from "../kit/states/Problem";
import { SessionProvider } from "../session/session";
import { useCommandList } from "../shell/commands/commands";
import { useKeyboard } from "../shell/commands/keyboard";
import { useText } from "../text/language";
import styles from "./teams.module.css";
import { TEXTS } from "./text";

export function Tab() {
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

function Screens() {
  useKeyboard(useCommandList());
  return (
    <div className={styles.tab}>
      <OfflineBar />
      <main className={styles.content} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

/** What the page shows where there is no Teams around it. */
export function Outside() {
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

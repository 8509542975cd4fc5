/** The frame of the tab: whose it is, then the screens of the inbox, without the rail, the bar and the keys of the app. */

import { Link as Anchor } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";
import { sessionQuery } from "../api/queries/session/session";
import { Empty } from "../kit/states/Empty";
import { Loading } from "../kit/states/Loading";
import { OfflineBar } from "../kit/states/offline";
import { Problem } from "../kit/states/Problem";
import { SessionProvider } from "../session/session";
import { useText } from "../text/language";
import styles from "./teams.module.css";
import { TEXTS } from "./text";

export function Tab() {
  const { data, error, refetch } = useQuery(sessionQuery(useApi()));
  if (data !== undefined) {
    return (
      <SessionProvider session={data}>
        <div className={styles.tab}>
          <OfflineBar />
          <main className={styles.content} tabIndex={-1}>
            <Outlet />
          </main>
        </div>
      </SessionProvider>
    );
  }
  if (error === null) return <Loading />;
  return <Refused error={error} onRetry={() => void refetch()} />;
}

/** What the tab shows to whom it cannot show an inbox. */
function Refused({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { title, codes, details } = useText(TEXTS);
  const { code, message } = asCallError(error).facts;
  return (
    <main className={styles.alone}>
      <h1>{title}</h1>
      <Problem error={error} words={codes} onRetry={onRetry} />
      {code === "TEAMS_TOKEN" && (
        <p className={styles.details}>
          {details} {message}
        </p>
      )}
      <InBrowser />
    </main>
  );
}

/** What the page shows where there is no Teams around it. */
export function Outside() {
  const text = useText(TEXTS);
  return (
    <main className={styles.alone}>
      <h1>{text.title}</h1>
      <Empty icon="inbox" title={text.outside}>
        {text.outsideHint}
      </Empty>
      <InBrowser />
    </main>
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

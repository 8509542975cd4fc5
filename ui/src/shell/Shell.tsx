/** The frame of every screen of a person who is signed in. */

import { useQuery } from "@tanstack/react-query";
import { Outlet, useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";
import { sessionQuery } from "../api/queries/session/session";
import { Loading } from "../kit/states/Loading";
import { OfflineBar } from "../kit/states/offline";
import { Problem } from "../kit/states/Problem";
import { useIsPhone } from "../kit/theme";
import { ConfirmedProvider } from "../session/confirmed";
import { usePreferenceSync } from "../session/preference-sync";
import { SignInDialog } from "../session/SignInDialog";
import { SessionProvider } from "../session/session";
import { useText } from "../text/language";
import { BottomBar } from "./BottomBar";
import { useCommandList } from "./commands/commands";
import { useKeyboard } from "./commands/keyboard";
import { useStandardCommands } from "./commands/standard-commands";
import { Rail } from "./Rail";
import styles from "./Shell.module.css";
import { TopBar } from "./TopBar";
import { TEXTS } from "./text";

const Shortcuts = lazy(async () => ({ default: (await import("./commands/Shortcuts")).Shortcuts }));

export function Shell() {
  const { data, error, refetch } = useQuery(sessionQuery(useApi()));
  if (data !== undefined) {
    return (
      <SessionProvider session={data}>
        <ConfirmedProvider>
          <Frame />
          <SignInDialog />
        </ConfirmedProvider>
      </SessionProvider>
    );
  }
  if (error === null) return <Loading />;
  if (asCallError(error).kind === "signed-out") return <ToSignIn />;
  return <Problem error={error} onRetry={() => void refetch()} />;
}

/** Leads to sign-in, which leads back. It reads the address once: the address changes while this is on the screen. */
function ToSignIn() {
  const router = useRouter();
  useEffect(() => {
    const { pathname, searchStr } = router.latestLocation;
    if (pathname === "/sign-in") return;
    const to = `${pathname}${searchStr}`;
    void router.navigate({ to: "/sign-in", search: to === "/" ? {} : { to }, replace: true });
  }, [router]);
  return null;
}

function Frame() {
  const text = useText(TEXTS);
  const isPhone = useIsPhone();
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  const close = (): void => setOpen(null);
  const openers = { onSearch: () => setOpen("palette"), onShortcuts: () => setOpen("shortcuts") };
  const Palette = usePalette();
  usePreferenceSync();
  useStandardCommands(openers);
  useKeyboard(useCommandList());
  return (
    <div className={isPhone ? styles.phone : styles.frame}>
      <a className={styles.skip} href="#content">
        {text.skip}
      </a>
      {!isPhone && <Rail />}
      <div className={styles.side}>
        <TopBar {...openers} />
        <OfflineBar />
        <main id="content" className={styles.content} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      {isPhone && <BottomBar />}
      <Suspense>
        {open === "palette" && Palette !== null && <Palette onClose={close} />}
        {open === "shortcuts" && <Shortcuts onClose={close} />}
      </Suspense>
    </div>
  );
}

/** Reads the palette after the first paint. Not by `lazy`, which draws late the first time: letters would be lost. */
function usePalette(): typeof import("./commands/Palette").Palette | null {
  const [found, setFound] = useState<typeof import("./commands/Palette").Palette | null>(null);
  useEffect(() => void import("./commands/Palette").then(({ Palette }) => setFound(() => Palette)), []);
  return found;
}

/** Parts of a screen, each with an address of its own. */

import { Link, type LinkProps, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { Count } from "./Chip";
import styles from "./Tabs.module.css";

export interface Tab {
  to: NonNullable<LinkProps["to"]>;
  text: string;
  /** How much waits there; none is not shown. */
  count?: number;
  isRed?: boolean;
}

// The first part may have the address under which the others lie.
const EXACT = { exact: true, includeSearch: false };

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const { pathname } = useLocation();
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the part on the screen changes with the address
  useEffect(() => {
    // On a phone not all fit beside each other. jsdom scrolls nowhere.
    nav.current?.querySelector("[aria-current]")?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }, [pathname]);
  return (
    <nav ref={nav} className={styles.tabs} aria-label={label}>
      {tabs.map(({ to, text, count = 0, isRed = false }) => (
        <Link
          key={to}
          to={to}
          params={true}
          className={styles.tab}
          activeOptions={EXACT}
          activeProps={{ "aria-current": "page" }}
        >
          {text}
          {count > 0 && <Count value={count} tone={isRed ? "red" : "plain"} />}
        </Link>
      ))}
    </nav>
  );
}

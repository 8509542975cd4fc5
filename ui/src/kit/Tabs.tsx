/** Parts of a screen, each with an address of its own. */

import { Link, type LinkProps } from "@tanstack/react-router";
import styles from "./Tabs.module.css";

export interface Tab {
  to: NonNullable<LinkProps["to"]>;
  text: string;
}

// The first part may have the address under which the others lie.
const EXACT = { exact: true, includeSearch: false };

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav className={styles.tabs} aria-label={label}>
      {tabs.map(({ to, text }) => (
        <Link key={to} to={to} className={styles.tab} activeOptions={EXACT} activeProps={{ "aria-current": "page" }}>
          {text}
        </Link>
      ))}
    </nav>
  );
}

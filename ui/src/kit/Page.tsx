/** The frame of a screen: title, what belongs to it, tabs, and the content that scrolls. */

import type { ReactNode } from "react";
import { useEffect } from "react";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import styles from "./Page.module.css";

interface PageProps {
  title: string;
  /** Beside the title: a count, or that newer rows arrived. */
  aside?: ReactNode;
  /** At the right: the buttons of the screen, at most one of them filled. */
  actions?: ReactNode;
  /** Below the title: tabs or filters. */
  tabs?: ReactNode;
  /** `wide`: tables; `text`: forms, at a width that can be read; `full`: what has an edge and a scroll bar of its own. */
  width?: "wide" | "text" | "full";
  children: ReactNode;
}

export function Page({ title, aside, actions, tabs, width = "wide", children }: PageProps) {
  const text = useText(SHARED);
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
  }, [title, text]);
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div className={styles.row}>
          <h1 className={styles.title}>{title}</h1>
          {aside}
          <span className={styles.grow} />
          {actions}
        </div>
        {tabs}
      </header>
      <div className={styles[width]}>{children}</div>
    </div>
  );
}

/** A part of a page with a heading of its own. */
export function Section({ title, hint, action, children }: SectionProps) {
  return (
    <section className={styles.section}>
      <div className={styles.row}>
        <h2 className={styles.heading}>{title}</h2>
        <span className={styles.grow} />
        {action}
      </div>
      {hint && <p className={styles.hint}>{hint}</p>}
      {children}
    </section>
  );
}

interface SectionProps {
  title: string;
  hint?: string;
  action?: ReactNode;
  children: ReactNode;
}

/** The frame of pages that need no session: a picture of what the product does, and a form. */

import { Link, Select } from "@fluentui/react-components";
import { type ReactNode, useEffect } from "react";
import { Logo } from "../kit/icons";
import { usePreferences } from "../session/preferences";
import { LANGUAGE_NAMES, LANGUAGES, useText } from "../text/language";
import { SHARED } from "../text/shared";
import { Art } from "./Art";
import styles from "./Frame.module.css";
import { TEXTS } from "./text";

export function Frame({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  const shared = useText(SHARED);
  useEffect(() => {
    document.title = `${title} · ${shared.product}`;
  }, [title, shared]);
  return (
    <div className={styles.frame}>
      <Art />
      <div className={styles.side}>
        <main className={styles.form}>
          <div className={styles.logo}>
            <Logo size={32} />
            <span>{shared.product}</span>
          </div>
          <h1 className={styles.title}>{title}</h1>
          {hint && <p className={styles.hint}>{hint}</p>}
          {children}
        </main>
        <Foot />
      </div>
    </div>
  );
}

function Foot() {
  const text = useText(TEXTS);
  const { preferences, choose } = usePreferences();
  return (
    <footer className={styles.foot}>
      <Select
        size="small"
        appearance="underline"
        aria-label={text.language}
        value={preferences.language}
        onChange={(_, { value }) => choose({ language: LANGUAGES.find((each) => each === value) ?? "en" })}
      >
        {LANGUAGES.map((language) => (
          <option key={language} value={language}>
            {LANGUAGE_NAMES[language]}
          </option>
        ))}
      </Select>
      <span className={styles.grow} />
      <Link href="/docs" target="_blank" rel="noopener noreferrer">
        {text.help}
      </Link>
    </footer>
  );
}

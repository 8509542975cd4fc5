/** What is wrong, as a list: a press shows the part. */

import { useState } from "react";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import type { Finding } from "./all-findings";
import styles from "./Designer.module.css";
import { TEXTS } from "./text";

const MOST = 200;

export function Findings({ findings, onShow }: { findings: readonly Finding[]; onShow: (pointer: string) => void }) {
  const text = useText(TEXTS);
  const [isOpen, setIsOpen] = useState(true);
  const errors = findings.filter(({ level }) => level === "error").length;
  return (
    <section className={styles.findings} aria-label={text.findings}>
      <button type="button" className={styles.summary} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        <Icon name={isOpen ? "down" : "right"} size={14} />
        {text.findingsOf(errors, findings.length - errors)}
      </button>
      {isOpen && findings.length > 0 && (
        <ul className={styles.list}>
          {findings.slice(0, MOST).map(({ level, pointer, property, text: words }) => (
            <li key={`${pointer} ${property} ${words}`}>
              <button type="button" className={styles.finding} onClick={() => onShow(pointer)}>
                <span className={level === "error" ? styles.error : styles.warning}>
                  <Icon name={level === "error" ? "failed" : "warning"} size={14} />
                  <span className={styles.hidden}>{text.levels[level]}</span>
                </span>
                {words}
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

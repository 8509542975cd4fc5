/** A text with its paths as chips. A view only: the text stays what it is. */

import { useMemo } from "react";
import { Icon } from "../kit/icons";
import styles from "./Expression.module.css";
import { partsOf } from "./parts";

/** More parts than these are shown as text. */
const MOST = 200;

export function ChipsView({ text }: { text: string }) {
  const parts = useMemo(() => partsOf(text), [text]);
  if (parts.length > MOST) return text;
  return parts.map((part, at) => {
    // Parts have no identity but their place.
    const key = `${at} ${part.text}`;
    if (part.kind === "text") return <span key={key}>{part.text}</span>;
    if (part.kind === "expression") {
      return (
        <code key={key} className={styles.code}>
          {part.text}
        </code>
      );
    }
    return (
      <span key={key} className={styles.chip} title={part.text}>
        {part.names.map((name, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a path may name the same field twice
          <span key={place}>
            {place > 0 && <Icon name="right" size={12} />}
            {name}
          </span>
        ))}
      </span>
    );
  });
}

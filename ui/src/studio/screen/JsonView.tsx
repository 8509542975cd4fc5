/** The definition as text. What is typed is taken over as one change; until then the document is as it was. */

import { Button } from "@fluentui/react-components";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { prettyExact } from "../../shared/exact";
import { isRepeat } from "../../shared/presses";
import { useText } from "../../text/language";
import { attempt } from "../actions/acts";
import { MOST_PASTED, tooLarge } from "../document/commands/clipboard";
import { editJson } from "../document/commands/json-edit";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import styles from "./Screen.module.css";

export function JsonView({ studio }: { studio: Studio }) {
  const text = useText(TEXTS);
  const document = useStore(studio.store, (state) => state.document);
  const isReadOnly = useStore(studio.store, (state) => state.isReadOnly);
  // Null while nothing is typed: then the text is that of the document.
  const [typed, setTyped] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const shown = typed ?? prettyExact(document);
  useShownStep(studio, field, shown);
  const take = (): void => {
    if (typed !== null && attempt(studio, editJson(studio.store.getState().document, typed))) setTyped(null);
  };
  return (
    <section className={styles.json} aria-label={text.jsonLabel} data-area="json">
      <div className={styles.jsonBar}>
        <span role="status">{typed === null ? text.jsonHint : text.jsonChanged}</span>
        <span className={styles.grow} />
        <Button size="small" disabled={typed === null} onClick={() => setTyped(null)}>
          {text.jsonDrop}
        </Button>
        <Button size="small" disabled={typed === null} onClick={take}>
          {text.jsonApply}
        </Button>
      </div>
      <textarea
        ref={field}
        className={styles.code}
        aria-label={text.jsonLabel}
        value={shown}
        readOnly={isReadOnly}
        spellCheck={false}
        onPaste={(event) => {
          const { length } = event.clipboardData.getData("text/plain");
          if (length <= MOST_PASTED) return;
          event.preventDefault();
          studio.store.getState().refuse(tooLarge(length));
        }}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !isRepeat(event.nativeEvent)) take();
        }}
      />
    </section>
  );
}

const LINE_PX = 18;

/** Scrolls to the step that is selected. */
function useShownStep(studio: Studio, field: { current: HTMLTextAreaElement | null }, text: string): void {
  const selected = useStore(studio.store, ({ selection }) => selection?.step ?? null);
  const latest = useRef(text);
  latest.current = text;
  useEffect(() => {
    const at = selected === null ? -1 : latest.current.indexOf(`"id": ${JSON.stringify(selected)}`);
    if (at === -1 || field.current === null) return;
    field.current.scrollTop = Math.max(0, latest.current.slice(0, at).split("\n").length - 3) * LINE_PX;
  }, [selected, field]);
}

/** The card as JSON. What cannot be read stays in the editor, and the card as it was. */

import { useMemo } from "react";
import { Note } from "../../kit/Note";
import { useText } from "../../text/language";
import { TEXTS } from "../designer/text";
import { ELEMENT_TEXTS } from "../elements/text";
import { cardCompletion } from "./completion";
import styles from "./Json.module.css";
import { LazyEditor } from "./LazyEditor";
import type { Written } from "./use-written";

export function JsonPane({ written, isReadOnly }: { written: Written; isReadOnly: boolean }) {
  const text = useText(TEXTS);
  const words = useText(ELEMENT_TEXTS);
  const complete = useMemo(() => cardCompletion(words), [words]);
  return (
    <div className={styles.pane}>
      <div className={styles.notes} aria-live="polite">
        {written.wrong !== "" && <Note tone="warning">{text.wrongJson(written.wrong)}</Note>}
      </div>
      <LazyEditor
        value={written.text}
        label={text.jsonOf}
        isReadOnly={isReadOnly}
        complete={complete}
        onChange={written.write}
        onLeave={written.settle}
      />
    </div>
  );
}

/** Whether the server has what is on the screen, in a word; also said to screen readers. */

import { Button } from "@fluentui/react-components";
import { useStore } from "zustand";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { useTimes } from "../../text/time";
import type { Keeping } from "../document/keeping/keep-open";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import styles from "./Screen.module.css";

export function SaveWord({ studio, keeping }: { studio: Studio; keeping: Keeping }) {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const { formats, now } = useTimes();
  const save = useStore(keeping.status, (state) => state.save);
  const isReadOnly = useStore(studio.store, (state) => state.isReadOnly);
  const words = text.saveStates;
  if (isReadOnly) return <span className={styles.hint}>{words.readOnly}</span>;
  if (save.kind === "failed") {
    return (
      <span className={styles.bad} role="status">
        {words.failed}: {shared.problem(save.error.kind)}{" "}
        {!save.isRetried && (
          <Button size="small" onClick={() => keeping.flush()}>
            {text.saveAgain}
          </Button>
        )}
      </span>
    );
  }
  const word = save.kind === "saved" ? words.saved(formats.short(save.at, now)) : words[save.kind];
  return (
    <span className={save.kind === "conflict" ? styles.bad : styles.hint} role="status">
      {word}
    </span>
  );
}

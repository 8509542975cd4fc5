/** What asks for a decision, above the designer: changes of an earlier visit, a conflict, a draft of an ACTIVE version. */

import { Button } from "@fluentui/react-components";
import { useStore } from "zustand";
import { pointerOf } from "../../editing/document/path";
import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import type { CardStore } from "../document/store";
import type { useDraft } from "../saving/use-draft";
import styles from "./Designer.module.css";
import { TEXTS } from "./text";

export function Notices({ draft, store }: { draft: ReturnType<typeof useDraft>; store: CardStore }) {
  const text = useText(TEXTS);
  const refusal = useStore(store, (state) => state.refusal);
  const { unsaved, conflict, asksForDraft, save, saved } = draft.now;
  const places = conflict?.conflicts.map(({ path }) => pointerOf(path) || "/") ?? [];
  return (
    <div className={styles.notices} aria-live="polite">
      {refusal !== null && <Note tone="info">{text.refusals[refusal]}</Note>}
      {unsaved !== null && (
        <Note tone="info">
          {text.unsaved(unsaved.done.length)}{" "}
          <Button size="small" onClick={draft.recover}>
            {text.recover(unsaved.done.length)}
          </Button>{" "}
          <Button size="small" onClick={draft.dropUnsaved}>
            {text.dropUnsaved}
          </Button>
        </Note>
      )}
      {asksForDraft && (
        <Note tone="info">
          {text.asksForDraft(saved.card_version)}{" "}
          <Button size="small" onClick={draft.makeDraft}>
            {text.makeDraft}
          </Button>
        </Note>
      )}
      {conflict !== null && (
        <Note tone="warning">
          {text.conflict(conflict.their.modified_by_name ?? conflict.their.modified_by ?? "", places.join(", "))}{" "}
          <Button size="small" onClick={() => draft.choose("mine")}>
            {text.keepMine}
          </Button>{" "}
          <Button size="small" onClick={() => draft.choose("theirs")}>
            {text.takeTheirs}
          </Button>
        </Note>
      )}
      {save.kind === "failed" && (
        <Problem error={save.error} words={text.codes} shape="bar" onRetry={() => void draft.flush()} />
      )}
    </div>
  );
}

/** What asks for a decision, above the designer: changes of an earlier visit, a conflict, a draft of an ACTIVE version. */

import { Button } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { useStore } from "zustand";
import { pointerOf } from "../../editing/document/path";
import { unsavedCount } from "../../editing/keeping/journal";
import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import type { CardStore } from "../document/store";
import type { Draft } from "../saving/use-draft";
import styles from "./Designer.module.css";
import { TEXTS } from "./text";

interface NoticesProps {
  draft: Draft;
  store: CardStore;
  onRecover: () => void;
}

export function Notices({ draft, store, onRecover }: NoticesProps) {
  const text = useText(TEXTS);
  const refusal = useStore(store, (state) => state.refusal);
  const { save, stored, merged, keepsNothing } = draft.now;
  const close = (change: Partial<Draft["now"]>): void => draft.status.setState(change);
  return (
    <div className={styles.notices} aria-live="polite">
      {refusal !== null && <Note tone="info">{text.refusals[refusal]}</Note>}
      <Recovery draft={draft} onRecover={onRecover} />
      {save.kind === "changed" && save.isHeld && (
        <Note tone="info">
          {text.asksForDraft(stored.version)}{" "}
          <Button size="small" onClick={() => void draft.allow()}>
            {text.makeDraft}
          </Button>
        </Note>
      )}
      <ConflictNotice draft={draft} />
      {merged !== null && (
        <Closable onClose={() => close({ merged: null })}>{text.tookOver(merged.by, merged.count)}</Closable>
      )}
      {keepsNothing && <Closable onClose={() => close({ keepsNothing: false })}>{text.keepsNothing}</Closable>}
      {save.kind === "failed" && (
        <Problem error={save.error} words={text.codes} shape="bar" onRetry={() => void draft.flush()} />
      )}
    </div>
  );
}

function Recovery({ draft, onRecover }: Pick<NoticesProps, "draft" | "onRecover">) {
  const text = useText(TEXTS);
  const { recovery } = draft.now;
  if (recovery === null) return null;
  const count = unsavedCount(recovery);
  const recover = (): void => {
    draft.recover();
    onRecover();
  };
  return (
    <Note tone="info">
      {text.unsaved(count)}{" "}
      <Button size="small" onClick={recover}>
        {text.recover(count)}
      </Button>{" "}
      <Button size="small" onClick={draft.discard}>
        {text.discard}
      </Button>
    </Note>
  );
}

/** Both did different things in the same places: one side is taken for all of them. */
function ConflictNotice({ draft }: { draft: Draft }) {
  const text = useText(TEXTS);
  const { save } = draft.now;
  if (save.kind !== "conflict") return null;
  const { conflicts, theirs } = save;
  const places = conflicts.map(({ path }) => pointerOf(path) || "/");
  const take = (side: "mine" | "theirs") => (): void =>
    void draft.resolve(new Map(conflicts.map(({ key }) => [key, { take: side }])));
  return (
    <Note tone="warning">
      {text.conflict(theirs.by, places.join(", "))}{" "}
      <Button size="small" onClick={take("mine")}>
        {text.keepMine}
      </Button>{" "}
      <Button size="small" onClick={take("theirs")}>
        {text.takeTheirs}
      </Button>
    </Note>
  );
}

function Closable({ children, onClose }: { children: ReactNode; onClose: () => void }) {
  const shared = useText(SHARED);
  return (
    <Note tone="info">
      {children}{" "}
      <Button size="small" onClick={onClose}>
        {shared.close}
      </Button>
    </Note>
  );
}

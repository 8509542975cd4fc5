/** What a person has to know now: above the canvas, never over it, and never in the way of typing. */

import { Button } from "@fluentui/react-components";
import { memo, type ReactNode, useState } from "react";
import { useStore } from "zustand";
import { unsavedCount } from "../../editing/keeping/journal";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { useTimes } from "../../text/time";
import { openAsNew } from "../actions/acts";
import { Conflicts } from "../dialogs/Conflicts";
import type { Keeping } from "../document/keeping/keep-open";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import styles from "./Screen.module.css";

interface NoticesProps {
  studio: Studio;
  keeping: Keeping;
  onShow: (step: string | null) => void;
}

export const Notices = memo(function Notices({ studio, keeping, onShow }: NoticesProps) {
  const text = useText(TEXTS);
  const status = useStore(keeping.status);
  const dirty = status.others.find(({ is_dirty, version }) => is_dirty && version === status.version);
  return (
    <div className={styles.notices}>
      <Recovery keeping={keeping} />
      <ConflictNotice keeping={keeping} onShow={onShow} />
      <DeletedNotice studio={studio} keeping={keeping} />
      {status.merged !== null && (
        <Notice onClose={() => keeping.status.setState({ merged: null })}>
          {text.tookOver(status.merged.by, status.merged.count)}
        </Notice>
      )}
      {dirty !== undefined && <Notice>{text.otherIsDirty(dirty.is_you ? text.otherTab : dirty.name)}</Notice>}
      {status.keepsNothing && (
        <Notice onClose={() => keeping.status.setState({ keepsNothing: false })}>{text.keepsNothing}</Notice>
      )}
      <ActNotices studio={studio} />
    </div>
  );
});

/** Why the last act was not done, or what it left to be looked at. */
function ActNotices({ studio }: { studio: Studio }) {
  const text = useText(TEXTS);
  const refusal = useStore(studio.store, (state) => state.refusal);
  const said = useStore(studio.screen, (state) => state.said);
  return (
    <>
      {refusal !== null && (
        <Notice isAlert onClose={() => studio.store.getState().refuse(null)}>
          {text.why[refusal.why](refusal.about)}
        </Notice>
      )}
      {said !== null && (
        <Notice onClose={() => studio.screen.setState({ said: null })}>{text.said[said.kind](said.about)}</Notice>
      )}
    </>
  );
}

/** The server has no such draft any more: what is on the screen can become a workflow of its own. */
function DeletedNotice({ studio, keeping }: Pick<NoticesProps, "studio" | "keeping">) {
  const text = useText(TEXTS);
  const save = useStore(keeping.status, (state) => state.save);
  const [isStoring, setIsStoring] = useState(false);
  if (save.kind !== "failed" || save.error.kind !== "not-found") return null;
  const store = async (): Promise<void> => {
    setIsStoring(true);
    await openAsNew(studio, studio.store.getState().document);
    setIsStoring(false);
  };
  return (
    <div className={styles.notice} role="alert">
      <span className={styles.grow}>{text.deletedDraft}</span>
      <Button size="small" appearance="primary" disabled={isStoring} onClick={() => void store()}>
        {text.storeAsNew}
      </Button>
    </div>
  );
}

function Notice({
  children,
  isAlert = false,
  onClose,
}: {
  children: ReactNode;
  isAlert?: boolean;
  onClose?: () => void;
}) {
  const shared = useText(SHARED);
  return (
    <div className={styles.notice} role={isAlert ? "alert" : "status"}>
      <span className={styles.grow}>{children}</span>
      {onClose !== undefined && (
        <Button size="small" onClick={onClose}>
          {shared.close}
        </Button>
      )}
    </div>
  );
}

function Recovery({ keeping }: { keeping: Keeping }) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const recovery = useStore(keeping.status, (state) => state.recovery);
  if (recovery === null) return null;
  return (
    <div className={styles.notice} role="alert">
      <b>{text.recoverTitle(unsavedCount(recovery))}</b>
      <span className={styles.grow}>{text.recoverText(formats.short(recovery.at, now))}</span>
      <Button size="small" appearance="primary" onClick={keeping.recover}>
        {text.recover}
      </Button>
      <Button size="small" onClick={keeping.discard}>
        {text.discard}
      </Button>
    </div>
  );
}

function ConflictNotice({ keeping, onShow }: Pick<NoticesProps, "keeping" | "onShow">) {
  const text = useText(TEXTS);
  const save = useStore(keeping.status, (state) => state.save);
  const [isClosed, setClosed] = useState(false);
  if (save.kind !== "conflict") return null;
  if (isClosed) {
    return (
      <div className={styles.notice} role="alert">
        <span className={styles.grow}>{text.conflictTitle(save.conflicts.length)}</span>
        <Button size="small" onClick={() => setClosed(false)}>
          {text.takeChoices}
        </Button>
      </div>
    );
  }
  return (
    <Conflicts
      conflicts={save.conflicts}
      by={save.theirs.by}
      onShow={(step) => {
        setClosed(true);
        onShow(step);
      }}
      onResolve={keeping.resolve}
      onClose={() => setClosed(true)}
    />
  );
}

/** The head of the Studio: which version, whether it is saved, undo and redo, and what can be done with the whole. */

import { Button, Tooltip } from "@fluentui/react-components";
import { lazy, memo, Suspense, useEffect } from "react";
import { useStore } from "zustand";
import { Tag } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { useMay } from "../../session/session";
import { textOf } from "../../shared/http";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import type { Keeping } from "../document/keeping/keep-open";
import { OverlayChoice } from "../overlay/OverlayChoice";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { Others } from "./Others";
import { SaveWord } from "./SaveWord";
import styles from "./Screen.module.css";

const VersionActs = lazy(async () => ({
  default: (await import("../../workflows/activation/VersionActs")).VersionActs,
}));

interface HeadProps {
  studio: Studio;
  keeping: Keeping;
  isActive: boolean;
  mayEdit: boolean;
}

export const Head = memo(function Head({ studio, keeping, isActive, mayEdit }: HeadProps) {
  const text = useText(TEXTS);
  const { product } = useText(SHARED);
  const name = useStore(studio.store, ({ document }) => textOf(document.workflow_name) ?? "");
  const version = useStore(keeping.status, (state) => state.version);
  const isReadOnly = useStore(studio.store, (state) => state.isReadOnly);
  const isSaved = useStore(keeping.status, ({ save }) => save.kind === "saved");
  const { workflowId, version: opened } = studio.store.getState();
  const isDraft = !isActive || version !== opened;
  const mayActivate = useMay("activate");
  const isAsked = useStore(studio.screen, ({ mode }) => mode?.kind === "activate");
  useEffect(() => {
    studio.screen.setState({ canActivate: isDraft && mayActivate, canTry: mayEdit });
  }, [studio.screen, isDraft, mayActivate, mayEdit]);
  useEffect(() => {
    document.title = `${name} · ${product}`;
  }, [name, product]);
  return (
    <header className={styles.head}>
      <h1 className={styles.title}>{name}</h1>
      <span>{text.version(version)}</span>
      <Tag>{text.statuses[isDraft ? "DRAFT" : "ACTIVE"] ?? ""}</Tag>
      <SaveWord studio={studio} keeping={keeping} />
      <Others keeping={keeping} />
      <span className={styles.grow} />
      <OverlayChoice workflowId={workflowId} />
      <UndoButtons studio={studio} />
      {isActive && isReadOnly && mayEdit && (
        <Tooltip content={text.editHint} relationship="description">
          <Button icon={<Icon name="pencil" size={16} />} onClick={() => studio.store.getState().setReadOnly(false)}>
            {text.edit}
          </Button>
        </Tooltip>
      )}
      {isDraft && (
        <Suspense>
          <VersionActs
            {...{ workflowId, version, isSaved, isAsked }}
            onSave={keeping.flush}
            onAsked={() => studio.screen.setState({ mode: null })}
          />
        </Suspense>
      )}
    </header>
  );
});

function UndoButtons({ studio }: { studio: Studio }) {
  const text = useText(TEXTS);
  const { done, undone } = useStore(studio.store, (state) => state.log);
  const isReadOnly = useStore(studio.store, (state) => state.isReadOnly);
  const [last, next] = [done.at(-1), undone.at(-1)];
  if (isReadOnly) return null;
  return (
    <>
      <Tooltip
        content={last === undefined ? text.undo : text.undoOf(text.done[last.name](last.subject))}
        relationship="label"
      >
        <Button
          appearance="subtle"
          icon={<Icon name="undo" />}
          disabled={last === undefined}
          onClick={() => studio.store.getState().undo()}
        />
      </Tooltip>
      <Tooltip
        content={next === undefined ? text.redo : text.redoOf(text.done[next.name](next.subject))}
        relationship="label"
      >
        <Button
          appearance="subtle"
          icon={<Icon name="redo" />}
          disabled={next === undefined}
          onClick={() => studio.store.getState().redo()}
        />
      </Tooltip>
    </>
  );
}

/** The document in the view of the reader: drawn, as JSON, both, or as an outline. */

import { Input } from "@fluentui/react-components";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { memo, type RefObject } from "react";
import { useStore } from "zustand";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { VIEWS, type ViewName } from "../address";
import type { Drawn } from "../canvas/drawing/drawn";
import type { StepFacts } from "../canvas/drawing/facts";
import { type CanvasHandle, StudioCanvas } from "../canvas/StudioCanvas";
import { OutlineTree } from "../outline/OutlineTree";
import type { Overlay } from "../overlay/overlay";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { JsonView } from "./JsonView";
import styles from "./Screen.module.css";

interface MiddleProps {
  studio: Studio;
  drawn: Drawn;
  facts: ReadonlyMap<string, StepFacts>;
  notes: ReadonlyMap<string, string>;
  overlay: Overlay | null;
  handle: RefObject<CanvasHandle | null>;
}

export const Middle = memo(function Middle({ studio, drawn, facts, notes, overlay, handle }: MiddleProps) {
  const { view = "graph" } = useSearch({ from: "/shell/workflows/$workflowId/v/$version" });
  const mode = useStore(studio.screen, (state) => state.mode);
  const isFinding = mode?.kind === "find";
  const isGraph = (view === "graph" || view === "split") && !isFinding;
  return (
    <div className={isGraph ? styles.middle : styles.text}>
      <ViewSwitch view={view} />
      {isFinding && <Finding studio={studio} facts={facts} overlay={overlay} />}
      {isGraph && <StudioCanvas {...{ studio, drawn, facts, notes, overlay, handle }} />}
      {!isFinding && view === "outline" && <OutlineTree studio={studio} facts={facts} overlay={overlay} filter="" />}
      {!isFinding && (view === "json" || view === "split") && <JsonView studio={studio} />}
    </div>
  );
});

function ViewSwitch({ view }: { view: ViewName }) {
  const text = useText(TEXTS);
  const navigate = useNavigate();
  const show = (next: ViewName) => (): void => {
    const change = ({ view: _, ...others }: Record<string, unknown>) =>
      next === "graph" ? others : { ...others, view: next };
    void navigate({ to: ".", search: change, replace: true, resetScroll: false });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of buttons, not of fields of a form
    <div role="group" aria-label={text.viewsLabel} className={styles.views}>
      {VIEWS.map((each) => (
        <button key={each} type="button" className={styles.view} aria-pressed={each === view} onClick={show(each)}>
          {text.views[each]}
        </button>
      ))}
    </div>
  );
}

/** Steps that have a text anywhere, as an outline. Escape leads back to the view before. */
function Finding({ studio, facts, overlay }: Pick<MiddleProps, "studio" | "facts" | "overlay">) {
  const text = useText(TEXTS);
  const typed = useStore(studio.screen, (state) => state.searched);
  const close = (): void => studio.screen.setState({ mode: null });
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape works in all of it
    <div className={styles.text} onKeyDown={(event) => event.key === "Escape" && close()}>
      <div className={styles.find}>
        <Input
          type="search"
          value={typed}
          aria-label={text.findLabel}
          placeholder={text.findLabel}
          contentBefore={<Icon name="search" size={16} />}
          autoFocus
          onFocus={({ currentTarget }) => currentTarget.select()}
          onChange={(_, { value }) => studio.screen.setState({ searched: value })}
        />
      </div>
      <OutlineTree studio={studio} facts={facts} overlay={overlay} filter={typed} />
    </div>
  );
}

/** The panel of the selected step, beside the canvas, which stays visible. Its width can be changed. */

import { Button, Tooltip } from "@fluentui/react-components";
import { type ComponentType, type KeyboardEvent, memo, type PointerEvent, useMemo, useRef } from "react";
import { useStore } from "zustand";
import { stepIcon } from "../../graph/StepNode";
import { CopyButton } from "../../kit/CopyButton";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { graphKey } from "../canvas/drawing/use-drawn";
import { type Definition, nameOf, stepById, typeOf } from "../document/definition";
import type { StudioStore } from "../document/store";
import { useAfterPaint } from "../screen/after-paint";
import styles from "../screen/Screen.module.css";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { useKeptSize } from "./kept-size";

/** What a panel of a step gets. */
export interface PanelProps {
  store: StudioStore;
  stepId: string;
}

const WIDTH = { least: 360, usual: 376, most: 720, step: 24 } as const;

interface SideProps {
  studio: Studio;
  Panel: ComponentType<PanelProps>;
}

export const Side = memo(function Side({ studio, Panel }: SideProps) {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const { size: width, change, keepSize } = useKeptSize("studio-panel", WIDTH);
  const { selected, document } = useSelected(studio);
  const isReadOnly = useStore(studio.store, (state) => state.isReadOnly);
  const step = selected === null ? null : stepById(document, selected);
  if (step === null) return null;
  const type = typeOf(step);
  return (
    <aside className={styles.side} style={{ width }} aria-label={text.side} data-area="side">
      <Grip width={width} onWidth={change} onKeep={keepSize} />
      <header className={styles.sideHead}>
        <Icon name={stepIcon(type)} />
        <div className={styles.grow}>
          <h2 className={styles.sideTitle}>{nameOf(step)}</h2>
          <span className={styles.hint}>
            {text.types[type] ?? type} <code>{step.id}</code>
          </span>
          <CopyButton value={step.id} label={shared.copy} />
        </div>
        {!isReadOnly && (
          <Tooltip content={text.acts.rename} relationship="label">
            <Button
              appearance="subtle"
              icon={<Icon name="pencil" size={16} />}
              onClick={() => studio.screen.setState({ mode: { kind: "rename", step: step.id } })}
            />
          </Tooltip>
        )}
        <Tooltip content={text.closeSide} relationship="label">
          <Button
            appearance="subtle"
            icon={<Icon name="close" size={16} />}
            onClick={() => studio.store.getState().select(null)}
          />
        </Tooltip>
      </header>
      <div className={styles.sideBody}>
        <Panel key={step.id} store={studio.store} stepId={step.id} />
      </div>
    </aside>
  );
});

/** Returns whose panel is shown. That of a step that was just added is drawn after the step itself, in a frame of its own. */
function useSelected({ store }: Studio): { selected: string | null; document: Definition } {
  const selected = useStore(store, ({ selection }) => selection?.step ?? null);
  const document = useStore(store, (state) => state.document);
  const key = graphKey(document);
  // biome-ignore lint/correctness/useExhaustiveDependencies: steps are added with another graph, not by each key typed
  const present = useMemo(() => ({ selected, document }), [selected, key]);
  const painted = useAfterPaint(present);
  const isAdded = selected !== null && stepById(painted.document, selected) === null;
  // A step that was renamed is not there by its id of before: its panel is drawn at once.
  const isLeft = painted.selected === null || stepById(document, painted.selected) !== null;
  return isAdded && isLeft ? painted : { selected, document };
}

interface GripProps {
  width: number;
  onWidth: (width: number) => void;
  /** The width is as it is meant to be. */
  onKeep: () => void;
}

function Grip({ width, onWidth, onKeep }: GripProps) {
  const text = useText(TEXTS);
  const start = useRef<{ x: number; width: number } | null>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: WIDTH.step, ArrowRight: -WIDTH.step }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onWidth(width + by);
  };
  const onPointerDown = (event: PointerEvent): void => {
    start.current = { x: event.clientX, width };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (start.current !== null) onWidth(start.current.width + start.current.x - event.clientX);
  };
  const end = (): void => {
    start.current = null;
    onKeep();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule of a page cannot be moved
    <div
      role="separator"
      tabIndex={0}
      aria-label={text.resize}
      aria-orientation="vertical"
      aria-valuenow={width}
      aria-valuemin={WIDTH.least}
      aria-valuemax={WIDTH.most}
      className={styles.grip}
      onKeyDown={onKeyDown}
      onKeyUp={onKeep}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={end}
      onPointerCancel={end}
    />
  );
}

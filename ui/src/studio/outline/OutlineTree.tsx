/** The workflow as a tree of text, with all the commands of the canvas: complete at any size, and for screen readers. */

import { type KeyboardEvent, type MouseEvent, memo, useCallback, useEffect, useMemo, useRef } from "react";
import { useStore } from "zustand";
import { stepIcon } from "../../graph/StepNode";
import { TONE_ICONS, type Tone } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { StepMenu, useStepMenu } from "../actions/StepMenu";
import type { StepFacts } from "../canvas/drawing/facts";
import { graphKey } from "../canvas/drawing/use-drawn";
import { stepById } from "../document/definition";
import { exitLook } from "../exits";
import type { Overlay } from "../overlay/overlay";
import { focusOn } from "../screen-state";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { findRows } from "./find";
import styles from "./OutlineTree.module.css";
import { type TreeRow, treeRows } from "./tree";

interface OutlineTreeProps {
  studio: Studio;
  facts: ReadonlyMap<string, StepFacts>;
  /** What an execution did, in place of what the steps do; null while none is shown. */
  overlay: Overlay | null;
  /** Only steps that have this text; empty for all. */
  filter: string;
}

export function OutlineTree({ studio, facts, overlay, filter }: OutlineTreeProps) {
  const text = useText(TEXTS);
  const document = useStore(studio.store, (state) => state.document);
  const { focused } = useStore(studio.screen);
  const key = graphKey(document);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows change with the graph, not with each key typed
  const rows = useMemo(() => treeRows(document), [key]);
  const shown = useMemo(() => findRows(rows, document, filter), [rows, document, filter]);
  const menu = useStepMenu();
  const open = useStable(menu.open);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const isHere = box.current?.contains(window.document.activeElement) === true;
    if (isHere) rowElement(box.current, focused)?.focus();
  }, [focused]);
  const focusAt = shown.some(({ step }) => step === focused) ? focused : shown[0]?.step;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its rows are what has the focus
    <div
      ref={box}
      className={styles.outline}
      data-area="outline"
      data-steps
      onFocus={(event) => focusOn(studio.screen, event.target)}
    >
      {filter !== "" && <p role="status">{text.found(shown.length)}</p>}
      <div role="tree" aria-label={text.outline}>
        {shown.map((row) => (
          <Row
            key={row.step}
            row={row}
            studio={studio}
            fact={facts.get(row.step)}
            {...lookAt(overlay, row.step)}
            isFocused={row.step === focusAt}
            onMenu={open}
            rows={shown}
          />
        ))}
      </div>
      <StepMenu studio={studio} menu={menu} />
    </div>
  );
}

interface RowProps {
  row: TreeRow;
  rows: readonly TreeRow[];
  studio: Studio;
  fact: StepFacts | undefined;
  /** What an execution did here; null where none is shown, or where its version had no such step. */
  tone: Tone | null;
  /** The same in words. */
  state: string;
  isFocused: boolean;
  onMenu: (step: string, event: MouseEvent) => void;
}

/** Returns what an execution did at a step, as values that are the same while nothing more has happened. */
function lookAt(overlay: Overlay | null, step: string): Pick<RowProps, "tone" | "state"> {
  const look = overlay?.steps.get(step);
  if (look === undefined) return { tone: null, state: "" };
  return { tone: look.tone, state: look.count > 1 ? `${look.text} ×${look.count}` : look.text };
}

const Row = memo(function Row({ row, rows, studio, fact, tone, state, isFocused, onMenu }: RowProps) {
  const text = useText(TEXTS);
  const selected = useStore(studio.store, ({ selection }) => selection?.step ?? null);
  const document = studio.store.getState().document;
  const open = row.isLoose ? text.notConnected : "";
  const way = row.exit === "" ? open : exitLook(stepById(document, row.from), row.exit, text.exits).text;
  const choose = (): void => {
    studio.screen.setState({ focused: row.step });
    studio.store.getState().select(row.step);
  };
  const onContextMenu = (event: MouseEvent): void => {
    event.preventDefault();
    studio.screen.setState({ focused: row.step });
    onMenu(row.step, event);
  };
  const problems = (fact?.errors ?? 0) + (fact?.warnings ?? 0);
  return (
    <div
      role="treeitem"
      aria-level={row.level}
      aria-selected={row.step === selected}
      tabIndex={isFocused ? 0 : -1}
      data-step={row.step}
      className={styles.row}
      style={{ paddingLeft: 8 + (row.level - 1) * 20 }}
      onClick={choose}
      onContextMenu={onContextMenu}
      onKeyDown={(event) => onKeys(event, row, rows, studio, choose)}
    >
      {way !== "" && <span className={styles.exit}>{way}</span>}
      <Icon name={stepIcon(fact?.type ?? "")} size={16} />
      <span className={styles.name}>{fact?.name ?? row.step}</span>
      {tone === null ? (
        <span className={styles.line}>{fact?.line ?? ""}</span>
      ) : (
        <span className={`${styles.line} ${styles.state}`} data-tone={tone}>
          <Icon name={TONE_ICONS[tone]} size={12} />
          {state}
        </span>
      )}
      {problems > 0 && <span className={styles.problems}>{problems}</span>}
    </div>
  );
});

type OnMenu = RowProps["onMenu"];

/** Returns a function that stays the same, so that no row is drawn again for it. */
function useStable(latest: OnMenu): OnMenu {
  const current = useRef(latest);
  current.current = latest;
  return useCallback((step, event) => current.current(step, event), []);
}

function onKeys(
  event: KeyboardEvent,
  row: TreeRow,
  rows: readonly TreeRow[],
  studio: Studio,
  choose: () => void,
): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = rows.indexOf(row);
  const outer = rows.slice(0, at).findLast(({ level }) => level < row.level);
  const inner = rows[at + 1];
  const targets: Readonly<Record<string, TreeRow | undefined>> = {
    ArrowDown: rows[at + 1],
    ArrowUp: rows[at - 1],
    Home: rows[0],
    End: rows.at(-1),
    ArrowLeft: outer,
    ArrowRight: inner !== undefined && inner.level > row.level ? inner : undefined,
  };
  if (event.key === "Enter" || event.key === " ") choose();
  else if (targets[event.key] !== undefined) studio.screen.setState({ focused: targets[event.key]?.step ?? row.step });
  else return;
  event.preventDefault();
}

function rowElement(box: HTMLElement | null, step: string): HTMLElement | undefined {
  return [...(box?.querySelectorAll<HTMLElement>("[data-step]") ?? [])].find((each) => each.dataset.step === step);
}

/** The canvas of the Studio: one stop of Tab, walked by the arrows, scrolled and zoomed as any content. */

import {
  type KeyboardEvent,
  memo,
  type RefObject,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useStore } from "zustand";
import { Scroller } from "../../kit/Scroller";
import { useText } from "../../text/language";
import { connectExit, move } from "../actions/acts";
import { StepMenu, useStepMenu } from "../actions/StepMenu";
import type { Overlay } from "../overlay/overlay";
import { focusOn, type Mode, type ScreenStore } from "../screen-state";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { type Candidates, candidatesOf } from "./drawing/candidates";
import type { Drawn } from "./drawing/drawn";
import type { StepFacts } from "./drawing/facts";
import { DIRECTIONS, walk } from "./drawing/walk";
import { Minimap } from "./Minimap";
import { ModeBar } from "./ModeBar";
import { Plane } from "./Plane";
import { usePan } from "./pan";
import styles from "./StudioCanvas.module.css";
import { boundScale, EDGE, SCALES, useView, useWheelZoom, zoomLevel } from "./use-view";
import { ZoomBar } from "./ZoomBar";

export interface CanvasHandle {
  fit: () => void;
  /** Null for the full size. */
  scaleBy: (by: number | null) => void;
  focusStep: (step: string) => void;
}

interface StudioCanvasProps {
  studio: Studio;
  drawn: Drawn;
  facts: ReadonlyMap<string, StepFacts>;
  notes: ReadonlyMap<string, string>;
  /** The execution that is shown; null for none. */
  overlay: Overlay | null;
  handle: RefObject<CanvasHandle | null>;
}

export const StudioCanvas = memo(function StudioCanvas(props: StudioCanvasProps) {
  const { studio, drawn, facts, notes, overlay, handle } = props;
  const text = useText(TEXTS);
  const { screen } = studio;
  const box = useRef<HTMLElement>(null);
  const scale = useStore(screen, (state) => state.scale);
  const candidates = useCandidates(studio, drawn);
  const menu = useStepMenu();
  const pan = usePan();
  const { layout } = drawn;
  const acts = useCanvasActs(screen, box, layout);
  useWheelZoom(box, acts.scaleBy);
  useImperativeHandle(handle, () => acts, [acts]);
  const isMeasured = useFirstFit(acts);
  const view = useView(box, screen);
  useFocusFollows(studio, box, isMeasured);
  useSelectedInSight(studio, box, isMeasured);
  const size = { width: layout.width * scale + 2 * EDGE, height: layout.height * scale + 2 * EDGE };
  const left = `max(${EDGE}px, calc(50% - ${(layout.width * scale) / 2}px))`;
  const go = useCallback((x: number, y: number): void => scrollTo(box.current, x * scale, y * scale), [scale]);
  return (
    <section className={styles.canvas} aria-label={text.canvas} data-zoom={zoomLevel(scale)} data-area="canvas">
      <Scroller box={box} label={text.scrolls} className={styles.scroll} {...pan}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: its steps are the buttons; the arrows walk among them */}
        <div
          className={styles.space}
          style={size}
          data-steps
          onFocus={(event) => focusOn(screen, event.target)}
          onKeyDown={(event) => onKeys(event, studio, drawn, candidates, acts)}
        >
          <div className={styles.plane} style={{ left, top: EDGE, transform: `scale(${scale})` }}>
            {isMeasured && <Plane {...{ studio, drawn, facts, candidates, notes, overlay, view }} onMenu={menu.open} />}
          </div>
        </div>
      </Scroller>
      <ModeBar studio={studio} candidates={candidates} facts={facts} />
      <ZoomBar studio={studio} scale={scale} onScale={acts.scaleBy} onFit={acts.fit} />
      <Minimap drawn={drawn} view={view} onGo={go} />
      <StepMenu studio={studio} menu={menu} />
    </section>
  );
});

/** Nothing is drawn before the canvas has its size: the graph is drawn once, at the scale that fits. */
function useFirstFit(acts: CanvasHandle): boolean {
  const [isMeasured, setIsMeasured] = useState(false);
  useLayoutEffect(() => {
    acts.fit();
    setIsMeasured(true);
  }, [acts]);
  return isMeasured;
}

const NO_DOCUMENT = {};

/** Returns what may be chosen now; while nothing is moved or connected, edits of the document change nothing of it. */
function useCandidates({ store, screen }: Studio, drawn: Drawn): Candidates {
  const mode = useStore(screen, ({ mode }) => (mode?.kind === "move" || mode?.kind === "connect" ? mode : null));
  const document = useStore(store, (state) => (mode === null ? NO_DOCUMENT : state.document));
  return useMemo(() => candidatesOf(document, drawn, mode), [document, drawn, mode]);
}

function useCanvasActs(screen: ScreenStore, box: RefObject<HTMLElement | null>, layout: Drawn["layout"]): CanvasHandle {
  const size = useRef(layout);
  size.current = layout;
  return useMemo(
    () => ({
      fit: () => screen.setState({ scale: fitting(box.current, size.current) }),
      scaleBy: (by) => screen.setState(({ scale }) => ({ scale: by === null ? 1 : boundScale(scale + by) })),
      focusStep: (step) => {
        screen.setState({ focused: step });
        focusNode(box.current, step);
      },
    }),
    [screen, box],
  );
}

function fitting(element: HTMLElement | null, layout: { width: number; height: number }): number {
  if (element === null || element.clientWidth === 0 || layout.width === 0) return 1;
  const wide = (element.clientWidth - 2 * EDGE) / layout.width;
  const high = (element.clientHeight - 2 * EDGE) / layout.height;
  return Math.min(1, Math.max(SCALES.fitLeast, boundScale(Math.min(wide, high))));
}

function nodeOf(box: HTMLElement | null, step: string): HTMLElement | undefined {
  const nodes = [...(box?.querySelectorAll<HTMLElement>("[data-step]") ?? [])];
  return nodes.find(({ dataset }) => dataset.step === step);
}

function focusNode(box: HTMLElement | null, step: string): void {
  nodeOf(box, step)?.focus({ preventScroll: true });
  showNode(box, step);
}

/** Scrolls to a step; the bars over the canvas are left out by its `scroll-padding`. */
function showNode(box: HTMLElement | null, step: string): void {
  // jsdom scrolls nowhere.
  nodeOf(box, step)?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
}

/** The selected step is in sight: when it was chosen or added, and when the panel beside the canvas takes of its place. */
function useSelectedInSight({ store }: Studio, box: RefObject<HTMLElement | null>, isDrawn: boolean): void {
  const selected = useStore(store, ({ selection }) => selection?.step ?? null);
  useEffect(() => {
    if (selected === null || !isDrawn) return undefined;
    const show = (): void => showNode(box.current, selected);
    show();
    if (box.current === null || typeof ResizeObserver === "undefined") return undefined;
    const observer = new ResizeObserver(show);
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [box, selected, isDrawn]);
}

function scrollTo(element: HTMLElement | null, x: number, y: number): void {
  if (element === null) return;
  element.scrollLeft = x + EDGE - element.clientWidth / 2;
  element.scrollTop = y + EDGE - element.clientHeight / 2;
}

/** The focus of the page stays on the step that has the focus of the canvas, also when another one was deleted. */
function useFocusFollows({ screen, store }: Studio, box: RefObject<HTMLElement | null>, isDrawn: boolean): void {
  const focused = useStore(screen, (state) => state.focused);
  const isAsking = useStore(screen, (state) => state.mode !== null);
  const selected = useStore(store, ({ selection }) => selection?.step ?? null);
  useEffect(() => {
    if (selected !== null) screen.setState({ focused: selected });
  }, [screen, selected]);
  useEffect(() => {
    const { activeElement, body } = window.document;
    const isHere = activeElement === body || box.current?.contains(activeElement) === true;
    if (isDrawn && isHere && !isAsking) focusNode(box.current, focused);
  }, [box, focused, isAsking, isDrawn]);
  const isChoosing = useStore(screen, ({ mode }) => mode?.kind === "move" || mode?.kind === "connect");
  useEffect(() => {
    if (!isChoosing) return;
    // The keys that choose are those of the canvas. A dialog that asked before gives the focus back when it is gone.
    const timer = setTimeout(() => focusNode(box.current, screen.getState().focused));
    return () => clearTimeout(timer);
  }, [box, screen, isChoosing]);
}

function onKeys(event: KeyboardEvent, studio: Studio, drawn: Drawn, candidates: Candidates, acts: CanvasHandle): void {
  const { screen, store } = studio;
  const { mode, focused } = screen.getState();
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (mode?.kind === "move" || mode?.kind === "connect") {
    if (chooses(event.key, studio, mode, candidates)) event.preventDefault();
    return;
  }
  if (event.key === "Escape") {
    screen.setState({ chosen: [] });
    store.getState().select(null);
    return;
  }
  const direction = DIRECTIONS[event.key];
  if (direction === undefined) return;
  event.preventDefault();
  const next = walk(store.getState().document, drawn, focused, direction);
  if (next === null) return;
  acts.focusStep(next);
  if (store.getState().selection !== null) store.getState().select(next);
}

type Choosing = Extract<Mode, { at: number }>;

/** Arrows choose, Enter takes, Escape leaves. Returns whether the key was meant for that. */
function chooses(key: string, studio: Studio, mode: Choosing, { places, steps }: Candidates): boolean {
  const count = places.length + steps.length;
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key];
  if (key === "Escape") studio.screen.setState({ mode: null });
  else if (by !== undefined && count > 0)
    studio.screen.setState({ mode: { ...mode, at: (mode.at + by + count) % count } });
  else if (key === "Enter") {
    const place = places[mode.at];
    const step = steps[mode.at];
    if (mode.kind === "move" && place !== undefined) move(studio, mode.step, place);
    if (mode.kind === "connect" && step !== undefined) connectExit(studio, mode.exit, step);
  } else return false;
  return true;
}

/** A graph to look at: it scrolls as any content does, by wheel, finger, bar and keys, and its steps are buttons. */

import { Button, Tooltip } from "@fluentui/react-components";
import { type PointerEvent, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Icon } from "../kit/icons";
import { Scroller } from "../kit/Scroller";
import { useText } from "../text/language";
import { useTimes } from "../text/time";
import styles from "./Canvas.module.css";
import { Edges } from "./Edges";
import { layoutOf, type PlacedBox } from "./layout";
import type { GraphLook } from "./look";
import type { Outline } from "./outline";
import { StepNode } from "./StepNode";
import { NODE } from "./sizes";
import { TEXTS } from "./text";

const EDGE = 48;
/** `read`: below it names cannot be read, so that a large graph is larger than its place at first. */
const SCALES = { least: 0.4, read: 0.75, step: 0.15, most: 1.3 } as const;

interface CanvasProps {
  outline: Outline;
  look: GraphLook;
  /** The step that is selected. */
  selected: string | null;
  onSelect: (step: string) => void;
  /** Above the graph at the right: what its colors mean. */
  legend?: ReactNode;
}

export function Canvas({ outline, look, selected, onSelect, legend }: CanvasProps) {
  const text = useText(TEXTS);
  const layout = useMemo(() => layoutOf(outline), [outline]);
  const scroll = useRef<HTMLDivElement>(null);
  const [scale, setScale] = useState(1);
  const fit = (): void => setScale(scaleFor(scroll.current, layout, SCALES.least));
  useLayoutEffect(() => setScale(scaleFor(scroll.current, layout, SCALES.read)), [layout]);
  useShown(scroll, selected);
  // A graph that is narrower than its place lies in the middle.
  const left = `max(${EDGE}px, calc(50% - ${(layout.width * scale) / 2}px))`;
  const size = { width: layout.width * scale + 2 * EDGE, height: layout.height * scale + 2 * EDGE };
  return (
    <section className={styles.canvas} aria-label={text.graph}>
      <Scroller box={scroll} label={text.area} className={styles.scroll} {...dragging}>
        <div className={styles.space} style={size}>
          <div className={styles.plane} style={{ left, top: EDGE, transform: `scale(${scale})` }}>
            {layout.boxes.map((box) => (
              <Box key={`${box.step} ${box.exit}`} box={box} outline={outline} count={look.items.get(box.step)} />
            ))}
            <Edges layout={layout} travelled={look.travelled} />
            {layout.nodes.map(({ step, x, y }) => (
              <StepNode
                key={step}
                step={outline.steps.get(step)}
                x={x}
                y={y}
                look={look.steps.get(step)}
                isSelected={step === selected}
                onSelect={onSelect}
              />
            ))}
          </div>
        </div>
      </Scroller>
      {legend && <div className={styles.legend}>{legend}</div>}
      <Zoom scale={scale} onScale={setScale} onFit={fit} />
    </section>
  );
}

function Box({ box, outline, count }: { box: PlacedBox; outline: Outline; count: number | undefined }) {
  const text = useText(TEXTS);
  const isBody = outline.steps.get(box.step)?.type === "forEach";
  const { x: left, y: top, width, height } = box;
  return (
    <div className={styles.box} style={{ left, top, width, height }}>
      {isBody && <Icon name="loop" size={14} />}
      <span className={styles.boxName}>{isBody ? text.body : box.exit}</span>
      {isBody && count !== undefined && <span>{text.items(count)}</span>}
    </div>
  );
}

function Zoom({ scale, onScale, onFit }: { scale: number; onScale: (scale: number) => void; onFit: () => void }) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const change = (by: number) => (): void => onScale(Math.min(SCALES.most, Math.max(SCALES.least, scale + by)));
  return (
    <div className={styles.zoom} role="toolbar" aria-label={text.zoom}>
      <Tooltip content={text.smaller} relationship="label">
        <Button
          appearance="subtle"
          size="small"
          icon={<Icon name="minus" size={14} />}
          onClick={change(-SCALES.step)}
        />
      </Tooltip>
      <span className={styles.percent}>{formats.number(Math.round(scale * 100))} %</span>
      <Tooltip content={text.larger} relationship="label">
        <Button appearance="subtle" size="small" icon={<Icon name="plus" size={14} />} onClick={change(SCALES.step)} />
      </Tooltip>
      <Button appearance="subtle" size="small" onClick={onFit}>
        {text.fit}
      </Button>
    </div>
  );
}

/** Returns the scale at which the whole graph is seen, but none below `least`. */
function scaleFor(element: HTMLElement | null, layout: { width: number; height: number }, least: number): number {
  if (element === null || element.clientWidth === 0) return 1;
  const wide = (element.clientWidth - 2 * EDGE) / Math.max(layout.width, NODE.width);
  const high = (element.clientHeight - 2 * EDGE) / Math.max(layout.height, NODE.height);
  return Math.min(1, Math.max(least, Math.min(wide, high)));
}

/** Scrolls to the selected step when the selection changes, and only then. */
function useShown(scroll: { current: HTMLElement | null }, selected: string | null): void {
  useEffect(() => {
    if (selected === null) return;
    const nodes = [...(scroll.current?.querySelectorAll<HTMLElement>("[data-step]") ?? [])];
    const node = nodes.find(({ dataset }) => dataset.step === selected);
    // jsdom scrolls nowhere.
    node?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }, [scroll, selected]);
}

/** The pointer moves the ground of the canvas. */
const dragging = {
  onPointerDown: ({ target, currentTarget, pointerId, button }: PointerEvent<HTMLElement>): void => {
    const isGround = target instanceof Element && target.closest("button") === null;
    if (isGround && button === 0) currentTarget.setPointerCapture(pointerId);
  },
  onPointerMove: ({ currentTarget, pointerId, movementX, movementY }: PointerEvent<HTMLElement>): void => {
    if (!currentTarget.hasPointerCapture(pointerId)) return;
    currentTarget.scrollLeft -= movementX;
    currentTarget.scrollTop -= movementY;
  },
};

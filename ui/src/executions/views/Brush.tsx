/** Where a part of the time is chosen: by a pointer that is drawn over it, or by keys. */

import { type KeyboardEvent, type PointerEvent, useState } from "react";
import styles from "./Timeline.module.css";
import { movePart, type Part, partBetween, WHOLE, zoomPart } from "./timeline";

/** A pointer that moved less has only been pressed. */
const LEAST_PX = 4;
const STEP = 0.1;
const PAGE = 0.9;

interface BrushProps {
  part: Part;
  onPart: (part: Part) => void;
  left: number;
  width: number;
  label: string;
  /** The id of what shows the part. */
  controls: string;
}

export function Brush({ part, onPart, left, width, label, controls }: BrushProps) {
  const [drawn, setDrawn] = useState<{ from: number; to: number } | null>(null);
  const placeOf = ({ currentTarget, clientX }: PointerEvent<HTMLElement>): number =>
    Math.min(width, Math.max(0, clientX - currentTarget.getBoundingClientRect().left));
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = partAfter(part, event.key);
    if (next === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    onPart(next);
  };
  const end = (): void => {
    if (drawn !== null && Math.abs(drawn.to - drawn.from) >= LEAST_PX) {
      onPart(partBetween(part, drawn.from / width, drawn.to / width));
    }
    setDrawn(null);
  };
  return (
    <div
      role="scrollbar"
      tabIndex={0}
      aria-label={label}
      aria-controls={controls}
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(50 * (part.from + part.to))}
      aria-valuetext={`${percent(part.from)} – ${percent(part.to)}`}
      className={styles.brush}
      style={{ left, width }}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrawn({ from: placeOf(event), to: placeOf(event) });
      }}
      onPointerMove={(event) => drawn !== null && setDrawn({ from: drawn.from, to: placeOf(event) })}
      onPointerUp={end}
      onPointerCancel={() => setDrawn(null)}
      onDoubleClick={() => onPart(WHOLE)}
    >
      {drawn !== null && (
        <div
          className={styles.drawn}
          style={{ left: Math.min(drawn.from, drawn.to), width: Math.abs(drawn.to - drawn.from) }}
        />
      )}
    </div>
  );
}

function percent(place: number): string {
  return `${Math.round(100 * place)} %`;
}

/** Returns the part that a key leads to; null for a key without a meaning. */
function partAfter(part: Part, key: string): Part | null {
  switch (key) {
    case "+":
    case "=":
      return zoomPart(part, 0.5);
    case "-":
      return zoomPart(part, 2);
    case "ArrowLeft":
      return movePart(part, -STEP);
    case "ArrowRight":
      return movePart(part, STEP);
    case "PageUp":
      return movePart(part, -PAGE);
    case "PageDown":
      return movePart(part, PAGE);
    case "Home":
      return movePart(part, -1 / (part.to - part.from));
    case "End":
      return movePart(part, 1 / (part.to - part.from));
    case "0":
      return WHOLE;
    default:
      return null;
  }
}

/** The heads of the table. The edge of each moves, by the pointer or by arrow keys, and sizes its column. */

import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { useText } from "../../../text/language";
import { TEXTS } from "../../text";
import type { Column } from "./columns";
import { fitting, NARROWEST, WIDEST } from "./layout";
import styles from "./Table.module.css";

const STEP = 16;

interface HeadProps {
  column: Column;
  /** Shown while the edge moves. */
  onSize: (id: string, width: number) => void;
  /** Taken when it has moved. */
  onSized: (id: string, width: number) => void;
}

export function Head({ column: { id, head, isRight }, onSize, onSized }: HeadProps) {
  const text = useText(TEXTS).history;
  const [from, setFrom] = useState<{ x: number; width: number } | null>(null);
  const [shown, setShown] = useState(NARROWEST);
  const widthAt = (event: PointerEvent): number =>
    from === null ? NARROWEST : fitting(from.width + event.clientX - from.x);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const width = fitting(widthOf(event.currentTarget) + step);
    setShown(width);
    onSize(id, width);
  };
  // Stored when the key is released, and not at each of its repeats.
  const onKeyUp = (event: KeyboardEvent): void => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") onSized(id, shown);
  };
  return (
    <th scope="col" className={isRight ? styles.right : undefined}>
      {head}
      {/* biome-ignore lint/a11y/useSemanticElements: an edge that can be moved is no rule between paragraphs */}
      <span
        role="separator"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label={text.widthOf(head)}
        aria-valuemin={NARROWEST}
        aria-valuemax={WIDEST}
        aria-valuenow={shown}
        className={styles.edge}
        onFocus={(event) => setShown(fitting(widthOf(event.currentTarget)))}
        onKeyDown={onKeyDown}
        onKeyUp={onKeyUp}
        onPointerDown={(event) => {
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
          setFrom({ x: event.clientX, width: widthOf(event.currentTarget) });
        }}
        onPointerMove={(event) => from !== null && onSize(id, widthAt(event))}
        onPointerUp={(event) => {
          if (from === null) return;
          setFrom(null);
          onSized(id, widthAt(event));
        }}
        onPointerCancel={() => setFrom(null)}
      />
    </th>
  );
}

function widthOf(edge: HTMLElement): number {
  return edge.parentElement?.offsetWidth ?? NARROWEST;
}

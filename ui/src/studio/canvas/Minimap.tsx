/** The whole graph in a corner, with what is on the screen; a click leads there. For the pointer: keys have the outline. */

import { type MouseEvent, memo, useRef } from "react";
import { NODE, STUB } from "../../graph/sizes";
import { stepTypeOf } from "../../graph/step-types";
import type { Drawn } from "./drawing/drawn";
import styles from "./Lines.module.css";
import type { View } from "./use-view";

const LARGEST = { width: 160, height: 120 } as const;

interface MinimapProps {
  drawn: Drawn;
  /** The part that is seen, in the measure of the graph. */
  view: View;
  onGo: (x: number, y: number) => void;
}

export const Minimap = memo(function Minimap({ drawn, view, onGo }: MinimapProps) {
  const picture = useRef<SVGSVGElement>(null);
  const { nodes } = drawn.layout;
  const [width, height] = [Math.max(1, drawn.layout.width), Math.max(1, drawn.layout.height)];
  const typeOf = (step: string): string => drawn.outline.steps.get(step)?.type ?? "";
  const scale = Math.min(LARGEST.width / width, LARGEST.height / height, 0.2);
  const go = (event: MouseEvent): void => {
    const box = picture.current?.getBoundingClientRect();
    if (box !== undefined) onGo((event.clientX - box.left) / scale, (event.clientY - box.top) / scale);
  };
  return (
    <div className={styles.map} onClick={go} aria-hidden="true">
      <svg ref={picture} width={width * scale} height={height * scale} viewBox={`0 0 ${width} ${height}`}>
        {nodes
          .filter(({ step }) => typeOf(step) !== STUB)
          .map(({ step, x, y }) => (
            <rect
              key={step}
              x={x}
              y={y}
              width={NODE.width}
              height={NODE.height}
              rx="8"
              fill={`var(--lp-group-${stepTypeOf(typeOf(step)).group})`}
            />
          ))}
        <rect
          className={styles.view}
          x={view.left}
          y={view.top}
          width={view.width}
          height={view.height}
          strokeWidth={1 / scale}
        />
      </svg>
    </div>
  );
});

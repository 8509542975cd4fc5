/** The whole graph in a corner, with what is on the screen; a click leads there. For the pointer: keys have the outline. */

import { type MouseEvent, memo, useRef } from "react";
import { useStore } from "zustand";
import { NODE, STUB } from "../../graph/sizes";
import { stepTypeOf } from "../../graph/step-types";
import type { Drawn } from "./drawing/drawn";
import styles from "./Lines.module.css";
import type { ViewStore } from "./use-view";

const LARGEST = { width: 160, height: 120 } as const;

interface MinimapProps {
  drawn: Drawn;
  /** The part that is seen, in the measure of the graph. */
  view: ViewStore;
  onGo: (x: number, y: number) => void;
}

export const Minimap = memo(function Minimap({ drawn, view, onGo }: MinimapProps) {
  const picture = useRef<SVGSVGElement>(null);
  const [width, height] = [Math.max(1, drawn.layout.width), Math.max(1, drawn.layout.height)];
  const scale = Math.min(LARGEST.width / width, LARGEST.height / height, 0.2);
  const go = (event: MouseEvent): void => {
    const box = picture.current?.getBoundingClientRect();
    if (box !== undefined) onGo((event.clientX - box.left) / scale, (event.clientY - box.top) / scale);
  };
  return (
    <div className={styles.map} onClick={go} aria-hidden="true">
      <svg ref={picture} width={width * scale} height={height * scale} viewBox={`0 0 ${width} ${height}`}>
        <Steps drawn={drawn} />
        <Seen view={view} scale={scale} />
      </svg>
    </div>
  );
});

/** All steps as one path for each group: the whole graph is no more elements than there are groups. */
const Steps = memo(function Steps({ drawn }: { drawn: Drawn }) {
  const paths = new Map<string, string>();
  for (const { step, x, y } of drawn.layout.nodes) {
    const type = drawn.outline.steps.get(step)?.type ?? "";
    if (type === STUB) continue;
    const { group } = stepTypeOf(type);
    paths.set(group, `${paths.get(group) ?? ""}M${x} ${y}h${NODE.width}v${NODE.height}h${-NODE.width}z`);
  }
  return [...paths].map(([group, path]) => <path key={group} d={path} fill={`var(--lp-group-${group})`} />);
});

function Seen({ view, scale }: { view: ViewStore; scale: number }) {
  const { left, top, width, height } = useStore(view);
  return <rect className={styles.view} x={left} y={top} width={width} height={height} strokeWidth={1 / scale} />;
}

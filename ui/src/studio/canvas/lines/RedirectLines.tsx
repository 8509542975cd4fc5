/** The ways back: drawn while the redirect, or the step that it leads to, is selected. */

import { useStore } from "zustand";
import type { PlacedNode } from "../../../graph/layout";
import { ERROR } from "../../../graph/outline";
import { pathOf } from "../../../graph/routes";
import { NODE } from "../../../graph/sizes";
import { shapeOf } from "../../document/shape";
import type { Studio } from "../../studio";
import type { Drawn } from "../drawing/drawn";
import styles from "../Lines.module.css";

const ASIDE = 24;

export function RedirectLines({ studio, drawn }: { studio: Studio; drawn: Drawn }) {
  const selected = useStore(studio.store, ({ selection }) => selection?.step ?? null);
  const document = useStore(studio.store, (state) => state.document);
  if (selected === null) return null;
  const { outline } = shapeOf(document);
  const placeOf = (id: string): PlacedNode | undefined => drawn.layout.nodes.find(({ step }) => step === id);
  const lines = outline.edges.flatMap(({ from, to, exit }) => {
    const isWayBack = outline.steps.get(from)?.type === "redirect" && exit !== ERROR;
    if (!isWayBack || (from !== selected && to !== selected)) return [];
    const [start, end] = [placeOf(from), placeOf(to)];
    return start !== undefined && end !== undefined ? [{ from, ...wayBack(start, end) }] : [];
  });
  if (lines.length === 0) return null;
  return (
    <svg className={styles.lines} width={drawn.layout.width} height={drawn.layout.height} aria-hidden="true">
      {lines.map(({ from, path, head }) => (
        <g key={from} data-redirect={from}>
          <path d={path} strokeDasharray="2 4" />
          <path className={styles.head} d={head} />
        </g>
      ))}
    </svg>
  );
}

/** Around the left of both steps, to the middle of the side of the one that it leads to. */
function wayBack(start: PlacedNode, end: PlacedNode): { path: string; head: string } {
  const x = Math.min(start.x, end.x) - ASIDE;
  const [from, to] = [start.y + NODE.height / 2, end.y + NODE.height / 2];
  const corners = [
    { x: start.x, y: from },
    { x, y: from },
    { x, y: to },
    { x: end.x, y: to },
  ];
  return { path: pathOf(corners), head: `M${end.x} ${to}l-6 -4v8z` };
}

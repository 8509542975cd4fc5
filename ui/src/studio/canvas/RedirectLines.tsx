/** The ways back: drawn while the redirect, or the step that it leads to, is selected. */

import { useStore } from "zustand";
import type { PlacedNode } from "../../graph/layout";
import { pathOf } from "../../graph/routes";
import { NODE } from "../../graph/sizes";
import { shapeOf } from "../document/shape";
import type { Studio } from "../studio";
import type { Drawn } from "./drawing/drawn";
import styles from "./Lines.module.css";

const ASIDE = 24;

export function RedirectLines({ studio, drawn }: { studio: Studio; drawn: Drawn }) {
  const selected = useStore(studio.store, ({ selection }) => selection?.step ?? null);
  const document = useStore(studio.store, (state) => state.document);
  if (selected === null) return null;
  const { outline } = shapeOf(document);
  const places = new Map(drawn.layout.nodes.map((node) => [node.step, node]));
  const lines = outline.edges.flatMap(({ from, to }) => {
    const [start, end] = [places.get(from), places.get(to)];
    const isShown = outline.steps.get(from)?.type === "redirect" && (from === selected || to === selected);
    return isShown && start !== undefined && end !== undefined ? [{ from, path: wayBack(start, end) }] : [];
  });
  if (lines.length === 0) return null;
  return (
    <svg className={styles.lines} width={drawn.layout.width} height={drawn.layout.height} aria-hidden="true">
      {lines.map(({ from, path }) => (
        <path key={from} d={path} strokeDasharray="2 4" />
      ))}
    </svg>
  );
}

function wayBack(start: PlacedNode, end: PlacedNode): string {
  const x = Math.min(start.x, end.x) - ASIDE;
  const [from, to] = [start.y + NODE.height / 2, end.y + NODE.height / 2];
  return pathOf([
    { x: start.x, y: from },
    { x, y: from },
    { x, y: to },
    { x: end.x, y: to },
  ]);
}

import { memo } from "react";
import styles from "./Canvas.module.css";
import type { Layout, PlacedEdge } from "./layout";
import { edgeKey } from "./look";
import { ERROR } from "./outline";
import { pathOf } from "./routes";

interface EdgesProps {
  layout: Layout;
  travelled: ReadonlySet<string>;
}

/** The edges, those that were travelled on top, and the names of their exits. */
export const Edges = memo(function Edges({ layout, travelled }: EdgesProps) {
  const isTravelled = (edge: PlacedEdge): boolean => travelled.has(edgeKey(edge));
  const sorted = layout.edges.toSorted((a, b) => Number(isTravelled(a)) - Number(isTravelled(b)));
  const keyOf = (edge: PlacedEdge): string => `${edgeKey(edge)} ${edge.to}`;
  return (
    <>
      <svg className={styles.edges} width={layout.width} height={layout.height} aria-hidden="true">
        {sorted.map((edge) => (
          <g key={keyOf(edge)} className={styleOf(edge, isTravelled(edge))}>
            <path d={pathOf(edge.points)} />
            <path className={styles.head} d={headOf(edge)} />
          </g>
        ))}
      </svg>
      {sorted.map(
        (edge) =>
          edge.label && (
            <span
              key={keyOf(edge)}
              className={`${styles.exit} ${isTravelled(edge) ? styles.exitDone : ""}`}
              style={{ left: edge.label.x, top: edge.label.y }}
            >
              {edge.exit}
            </span>
          ),
      )}
    </>
  );
});

function styleOf(edge: PlacedEdge, isTravelled: boolean): string {
  if (edge.exit === ERROR) return `${styles.error} ${isTravelled ? styles.solid : ""}`;
  return (isTravelled ? styles.done : styles.idle) ?? "";
}

/** Every way ends downwards. */
function headOf({ points }: PlacedEdge): string {
  const end = points.at(-1) ?? { x: 0, y: 0 };
  return `M${end.x} ${end.y}l-4 -6h8z`;
}

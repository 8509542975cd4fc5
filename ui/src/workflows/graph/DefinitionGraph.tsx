/** The graph of a definition to look at: groups by color, each step with its description and id. */

import { useMemo, useState } from "react";
import { Canvas } from "../../graph/Canvas";
import type { GraphLook, NodeLook } from "../../graph/look";
import { type Outline, readOutline } from "../../graph/outline";
import { stepTypeOf } from "../../graph/step-types";
import styles from "./graph.module.css";

interface DefinitionGraphProps {
  steps: readonly unknown[];
  connections: readonly unknown[];
}

export function DefinitionGraph({ steps, connections }: DefinitionGraphProps) {
  const outline = useMemo(() => readOutline(steps, connections), [steps, connections]);
  const look = useMemo(() => plainLook(outline), [outline]);
  const [selected, setSelected] = useState<string | null>(null);
  return (
    <div className={styles.frame}>
      <Canvas outline={outline} look={look} selected={selected} onSelect={setSelected} />
    </div>
  );
}

/** Returns the look of a graph that shows no execution. */
function plainLook(outline: Outline): GraphLook {
  const steps = new Map(
    [...outline.steps.values()].map(({ id, type }): [string, NodeLook] => [
      id,
      { tone: "idle", paint: stepTypeOf(type).group, text: id, count: 1 },
    ]),
  );
  return { steps, travelled: new Set(), items: new Map(), differences: new Map() };
}

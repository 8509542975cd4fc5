/** The graph of a definition to look at: groups by color, each step with its description and id. */

import { useMemo, useState } from "react";
import { Canvas } from "../../graph/Canvas";
import type { GraphLook, NodeLook } from "../../graph/look";
import { type Outline, readOutline } from "../../graph/outline";
import { stepTypeOf } from "../../graph/step-types";
import { secondLine, TYPE_NAMES } from "../../graph/type-names";
import { useText } from "../../text/language";
import styles from "./graph.module.css";

interface DefinitionGraphProps {
  steps: readonly unknown[];
  connections: readonly unknown[];
}

export function DefinitionGraph({ steps, connections }: DefinitionGraphProps) {
  const outline = useMemo(() => readOutline(steps, connections), [steps, connections]);
  const names = useText(TYPE_NAMES);
  const look = useMemo(() => plainLook(outline, names), [outline, names]);
  const [selected, setSelected] = useState<string | null>(null);
  return (
    <div className={styles.frame}>
      <Canvas outline={outline} look={look} selected={selected} onSelect={setSelected} />
    </div>
  );
}

/** Returns the look of a graph that shows no execution. */
function plainLook(outline: Outline, names: Readonly<Record<string, string>>): GraphLook {
  const steps = new Map(
    [...outline.steps.values()].map((step): [string, NodeLook] => [
      step.id,
      { tone: "idle", paint: stepTypeOf(step.type).group, text: secondLine(step, names), count: 1 },
    ]),
  );
  return { steps, travelled: new Set(), items: new Map(), differences: new Map() };
}

import { useMemo, useState } from "react";
import type { Change, Workflow } from "../../api/queries/workflows/workflows";
import { Canvas } from "../../graph/Canvas";
import type { Difference } from "../../graph/look";
import { readOutline } from "../../graph/outline";
import { TYPE_NAMES } from "../../graph/type-names";
import { writeJson } from "../../kit/json/json-text";
import { SideBySide } from "../../kit/json/SideBySide";
import { Note } from "../../kit/Note";
import { useText } from "../../text/language";
import { definitionOf } from "../definition";
import frame from "../graph/graph.module.css";
import { TEXTS } from "../text";
import type { Way } from "./address";
import { ChangeList, type StepOf } from "./ChangeList";
import { countsOf } from "./changes";
import styles from "./compare.module.css";
import { type Merged, mergedLook, mergeOutlines } from "./merged";

interface DifferencesProps {
  before: Workflow;
  after: Workflow;
  changes: readonly Change[];
  /** How many there are; more than are listed when the list was cut. */
  count: number;
  show: Way;
}

/** What differs between two definitions: both in one graph, and each change in a list. */
export function Differences({ before, after, changes, count, show }: DifferencesProps) {
  const { compare: text } = useText(TEXTS);
  const merged = useMerged(before, after, changes);
  const [selected, setSelected] = useState<string | null>(null);
  if (count === 0) return <Note tone="info">{text.equal}</Note>;
  const stepOf: StepOf = (step) => merged.outline.steps.get(step) ?? null;
  const list = <ChangeList changes={changes} stepOf={stepOf} selected={selected} onSelect={setSelected} />;
  return (
    <>
      <p className={styles.count} role="status">
        {changes.length < count ? text.someOf(changes.length, count) : text.count(count)}
      </p>
      {show === "graph" && (
        <div className={styles.panes}>
          <MergedGraph merged={merged} changes={changes} selected={selected} onSelect={setSelected} />
          {list}
        </div>
      )}
      {show === "list" && list}
      {show === "json" && (
        <SideBySide
          label={text.wayNames.json}
          before={writeJson(definitionOf(before))}
          after={writeJson(definitionOf(after))}
          names={[text.version(before.workflow_version), text.version(after.workflow_version)]}
        />
      )}
    </>
  );
}

function useMerged(before: Workflow, after: Workflow, changes: readonly Change[]): Merged {
  return useMemo(
    () =>
      mergeOutlines(
        readOutline(before.workflow_steps, before.workflow_connections),
        readOutline(after.workflow_steps, after.workflow_connections),
        countsOf(changes),
      ),
    [before, after, changes],
  );
}

interface MergedGraphProps {
  merged: Merged;
  changes: readonly Change[];
  selected: string | null;
  onSelect: (step: string) => void;
}

function MergedGraph({ merged, changes, selected, onSelect }: MergedGraphProps) {
  const { compare: text } = useText(TEXTS);
  const names = useText(TYPE_NAMES);
  const look = useMemo(() => {
    const counts = countsOf(changes);
    const wordOf = (step: string, difference: Difference): string =>
      difference === "changed" ? text.changedTimes(counts.get(step) ?? 0) : text.kinds[difference];
    return mergedLook(merged, wordOf, names);
  }, [merged, changes, text, names]);
  const legend = (
    <>
      <span className={styles.added}>+ {text.kinds.added}</span>
      <span className={styles.removed}>− {text.kinds.removed}</span>
      <span className={styles.changed}>± {text.kinds.changed}</span>
    </>
  );
  return (
    <div className={frame.frame}>
      <Canvas outline={merged.outline} look={look} selected={selected} onSelect={onSelect} legend={legend} />
    </div>
  );
}

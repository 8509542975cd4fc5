/** Graph, timeline, log and data of one execution: four views of one moment with one selection. */

import { useMemo, useRef } from "react";
import type { ExecutionItem, ExecutionRow } from "../../api/queries/executions/executions";
import { Canvas } from "../../graph/Canvas";
import type { LogEntry } from "../../graph/log/entry";
import type { Folded } from "../../graph/log/fold";
import { lookOf } from "../../graph/log/look-of";
import type { Visit } from "../../graph/log/visits";
import type { GraphLook } from "../../graph/look";
import type { Outline } from "../../graph/outline";
import { useIsPhone } from "../../kit/theme";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { Side } from "../side/Side";
import { TEXTS } from "../text";
import { Legend } from "../views/Legend";
import { OutlineList } from "../views/OutlineList";
import { Scrubber } from "../views/Scrubber";
import { Timeline } from "../views/Timeline";
import { ViewSwitch } from "../views/ViewSwitch";
import styles from "./Execution.module.css";
import { checkpointsOf, countUpTo } from "./moments";
import { addressOfVisit, selectedVisit } from "./selection";
import { useMoment } from "./use-moment";
import { useExecutionSearch } from "./use-search";

interface ViewsProps {
  row: ExecutionRow;
  item: ExecutionItem;
  outline: Outline;
  entries: readonly LogEntry[];
  onChanged: () => void;
}

export function Views({ row, item, outline, entries, onChanged }: ViewsProps) {
  const [search, change] = useExecutionSearch();
  const { seq, slide, choose } = useMoment();
  const isPhone = useIsPhone();
  const count = countUpTo(entries, seq);
  const checkpoints = useMemo(() => checkpointsOf(outline.edges), [outline]);
  const folded = useMemo(() => checkpoints.at(entries, count), [checkpoints, entries, count]);
  const visit = selectedVisit(folded.visits, search);
  const look = useLook(folded);
  const selected = visit?.step ?? search.step ?? null;
  const chooseStep = (step: string): void => change({ step, visit: undefined, scope: undefined, tab: undefined });
  const chooseVisit = (chosen: Visit): void =>
    change({ visit: undefined, scope: undefined, ...addressOfVisit(chosen), tab: undefined });
  const isOutline = isPhone || search.view === "outline";
  const shownSeq = entries[count - 1]?.seq ?? 0;
  return (
    <div className={styles.views}>
      <div className={styles.main}>
        {!isPhone && (
          <div className={styles.over}>
            <ViewSwitch isOutline={isOutline} onChange={(view) => change({ view })} />
            {!isOutline && <Legend visits={folded.visits} steps={outline.steps.size} />}
          </div>
        )}
        {isOutline ? (
          <OutlineList outline={outline} look={look} selected={selected} onSelect={chooseStep} />
        ) : (
          <Canvas outline={outline} look={look} selected={selected} onSelect={chooseStep} />
        )}
        {!isPhone && (
          <Timeline
            visits={folded.visits}
            outline={outline}
            selected={visit}
            onSelect={chooseVisit}
            isOpen={folded.end === null}
            at={seq === undefined ? null : (entries[count - 1]?.timestamp ?? null)}
          />
        )}
        <Scrubber entries={entries} count={count} onSlide={slide} onChoose={choose} />
      </div>
      <Side
        row={row}
        item={item}
        outline={outline}
        entries={entries}
        folded={folded}
        visit={visit}
        step={selected}
        seq={shownSeq}
        isNow={seq === undefined}
        onVisit={chooseVisit}
        onChanged={onChanged}
      />
    </div>
  );
}

/** Returns how the graph looks; what looks as before stays the same object. */
function useLook(folded: Folded): GraphLook {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const before = useRef<GraphLook | null>(null);
  return useMemo(() => {
    const textOf = (visit: Visit): string => text.visitLine(visit, formats.moment);
    before.current = lookOf(folded, textOf, before.current);
    return before.current;
  }, [folded, text, formats]);
}

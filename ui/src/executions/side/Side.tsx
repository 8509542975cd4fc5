/** Beside the graph: the selected step, the data of the moment, the log, the decisions, and what belongs together. */

import { Count } from "../../kit/Chip";
import { useText } from "../../text/language";
import { TABS, type Tab } from "../execution/address";
import { useExecutionSearch } from "../execution/use-search";
import { RepairPanel } from "../repair/RepairPanel";
import { TEXTS } from "../text";
import { DataPanel } from "./DataPanel";
import { DecisionsPanel } from "./DecisionsPanel";
import { LogPanel } from "./LogPanel";
import type { SideProps } from "./moment";
import { RelatedPanel } from "./RelatedPanel";
import styles from "./Side.module.css";
import { StepPanel } from "./StepPanel";

export function Side(props: SideProps) {
  const text = useText(TEXTS);
  const [search, change] = useExecutionSearch();
  const tab = search.tab ?? "step";
  const choose = (next: Tab): void => change({ tab: next === "step" ? undefined : next });
  return (
    <aside className={styles.side} aria-label={text.details}>
      <nav className={styles.tabs} aria-label={text.details}>
        {TABS.map((each) => (
          <button
            key={each}
            type="button"
            className={styles.tab}
            aria-current={each === tab ? "true" : undefined}
            onClick={() => choose(each)}
          >
            {text.tabs[each]}
            {each === "log" && <Count value={props.entries.length} />}
          </button>
        ))}
      </nav>
      <div className={styles.panel}>
        <Panel {...props} tab={tab} />
      </div>
      {props.isNow && tab === "step" && (
        <RepairPanel
          row={props.row}
          item={props.item}
          outline={props.outline}
          visit={props.visit}
          onDone={props.onChanged}
        />
      )}
    </aside>
  );
}

function Panel({ tab, ...props }: SideProps & { tab: Tab }) {
  const executionId = props.row.workflow_execution_id;
  switch (tab) {
    case "step":
      return <StepPanel {...props} />;
    case "data":
      return <DataPanel executionId={executionId} seq={props.seq} visit={props.visit} />;
    case "log":
      return <LogPanel {...props} />;
    case "decisions":
      return <DecisionsPanel executionId={executionId} outline={props.outline} />;
    case "related":
      return <RelatedPanel row={props.row} item={props.item} />;
  }
}

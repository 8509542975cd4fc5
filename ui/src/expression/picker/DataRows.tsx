import { useState } from "react";
import type { DataNode } from "../../api/queries/studio/steps";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { useTarget } from "../source";
import { TEXTS } from "../text";
import { startPathDrag } from "./drag";
import styles from "./Picker.module.css";

/** A sample is shown up to so many characters. */
const LONGEST = 40;

interface DataRowsProps {
  nodes: readonly DataNode[];
  /** Whether everything is open at first, as in a search. */
  isOpen: boolean;
}

/** The values of one level, each with those below it. */
export function DataRows({ nodes, isOpen }: DataRowsProps) {
  return (
    <ul className={styles.rows}>
      {nodes.map((node) => (
        <DataRow key={node.path} node={node} isOpen={isOpen} />
      ))}
    </ul>
  );
}

function DataRow({ node, isOpen: wasOpen }: { node: DataNode; isOpen: boolean }) {
  const { picker: text } = useText(TEXTS);
  const [isOpen, setIsOpen] = useState(wasOpen);
  const hasMore = node.children.length > 0;
  return (
    <li>
      <div className={styles.row}>
        {hasMore ? (
          <button
            type="button"
            className={styles.toggle}
            aria-expanded={isOpen}
            aria-label={node.name}
            onMouseDown={keepFocus}
            onClick={() => setIsOpen(!isOpen)}
          >
            <Icon name={isOpen ? "down" : "right"} size={12} />
          </button>
        ) : (
          <span className={styles.space} />
        )}
        <Value node={node} />
        {node.certainty === "MAYBE" && (
          <span className={styles.maybe} title={text.mayBeMissing}>
            <Icon name="warning" size={12} />
            <span className={styles.spoken}>{text.mayBeMissing}</span>
          </span>
        )}
      </div>
      {isOpen && hasMore && <DataRows nodes={node.children} isOpen={wasOpen} />}
    </li>
  );
}

function Value({ node }: { node: DataNode }) {
  const { target } = useTarget();
  const sample = sampleOf(node);
  return (
    <button
      type="button"
      className={styles.value}
      draggable
      title={node.path}
      aria-disabled={target === null}
      onMouseDown={keepFocus}
      onDragStart={(event) => startPathDrag(event, node.path)}
      onClick={() => target?.insert(node.path)}
    >
      <span className={styles.name}>{node.name}</span>
      <span className={styles.type}>
        {node.type}
        {node.size !== undefined && `, ${node.size}`}
      </span>
      {sample !== "" && <span className={styles.sample}>{sample}</span>}
    </button>
  );
}

/** The field that is edited keeps the focus and its cursor. A drag begins all the same. */
function keepFocus(event: React.MouseEvent<HTMLElement>): void {
  if (!event.currentTarget.draggable) event.preventDefault();
}

function sampleOf({ sample, children }: DataNode): string {
  if (sample === undefined || children.length > 0) return "";
  const text = typeof sample === "string" ? sample : JSON.stringify(sample);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

import { memo } from "react";
import { isPath, type Path } from "../../editing/document/path";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { TEXTS } from "../designer/text";
import type { Part } from "../document/outline";
import { ELEMENT_TEXTS, nameOf } from "../elements/text";
import styles from "./Tree.module.css";

/** What a row that is dragged carries; other drops are not taken. */
const DRAGGED = "application/x-looply-card-part";

interface RowProps {
  part: Part;
  row: number;
  /** The row that Tab reaches. */
  isCurrent: boolean;
  isSelected: boolean;
  isFolded: boolean;
  mark: "error" | "warning" | undefined;
  isReadOnly: boolean;
  onSelect: (isMore: boolean) => void;
  onFold: (pointer: string, isFolded: boolean) => void;
  onDrop: (moved: Path) => void;
}

function PartRow(props: RowProps) {
  const { part, row, isCurrent, isSelected, isFolded, mark, isReadOnly, onSelect, onFold, onDrop } = props;
  const text = useText(TEXTS);
  const name = nameOf(useText(ELEMENT_TEXTS), part.type);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys of all its rows
    <div
      role="treeitem"
      aria-level={part.level}
      aria-posinset={part.position}
      aria-setsize={part.size}
      aria-selected={isSelected}
      aria-expanded={part.hasParts ? !isFolded : undefined}
      tabIndex={isCurrent ? 0 : -1}
      data-row={row}
      className={styles.row}
      style={{ paddingInlineStart: `${8 + (part.level - 1) * 16}px` }}
      draggable={!isReadOnly && part.path.length > 0}
      onClick={(event) => onSelect(event.ctrlKey || event.metaKey)}
      onFocus={() => !isSelected && onSelect(false)}
      onDragStart={(event) => event.dataTransfer.setData(DRAGGED, JSON.stringify(part.path))}
      onDragOver={(event) => event.dataTransfer.types.includes(DRAGGED) && event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const moved = pathOfDrag(event.dataTransfer.getData(DRAGGED));
        if (moved !== null) onDrop(moved);
      }}
    >
      <button
        type="button"
        tabIndex={-1}
        aria-hidden="true"
        className={part.hasParts ? styles.fold : styles.leaf}
        onClick={(event) => {
          event.stopPropagation();
          if (part.hasParts) onFold(part.pointer, !isFolded);
        }}
      >
        {part.hasParts && <Icon name={isFolded ? "right" : "down"} size={12} />}
      </button>
      <span className={styles.name}>{name}</span> <span className={styles.title}>{part.title}</span>
      {part.isRepeated && <Icon name="loop" size={14} />}
      {part.isConditional && <Icon name="filter" size={14} />}
      {mark !== undefined && (
        <span className={styles[mark]}>
          <Icon name={mark === "error" ? "failed" : "warning"} size={14} />
          <span className={styles.hidden}>{`, ${text.marks[mark]}`}</span>
        </span>
      )}
    </div>
  );
}

/** Drawn again only when its part, or what is selected of it, is another. */
export const Row = memo(PartRow, (before, after) => {
  const { onSelect: _1, onFold: _2, onDrop: _3, ...shown } = before;
  return Object.entries(shown).every(([name, value]) => {
    const next = after[name as keyof typeof shown];
    return name === "part" ? isSamePart(before.part, after.part) : value === next;
  });
});

function isSamePart(before: Part, after: Part): boolean {
  const isPlaced = before.pointer === after.pointer && before.position === after.position && before.size === after.size;
  return before.value === after.value && isPlaced;
}

function pathOfDrag(json: string): Path | null {
  try {
    const value: unknown = JSON.parse(json);
    return isPath(value) ? value : null;
  } catch {
    return null;
  }
}

/** A JSON value as a tree that opens where it is read: a document of megabytes draws only what is open, and at first
 * no more than is read at once. */

import { Button } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { isObject, type JsonObject } from "../shared/http";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { Icon } from "./icons";
import styles from "./JsonTree.module.css";

/** Members of one object or items of one list that are drawn at first, and added by each press. */
const STEP = 100;
/** So many rows are drawn at first: of a value with more, fewer levels are open. */
const MOST_ROWS = 500;
/** A longer text is cut until it is asked for. */
const LONGEST = 500;

interface JsonTreeProps {
  label: string;
  value: unknown;
  /** How many levels are open at first, if they are not too large. */
  depth?: number;
}

export function JsonTree({ label, value, depth = 2 }: JsonTreeProps) {
  const open = useMemo(() => levelsThatFit(value, depth), [value, depth]);
  return (
    <ul className={styles.tree} aria-label={label}>
      <Branch name={null} value={value} depth={open} />
    </ul>
  );
}

function Branch({ name, value, depth }: { name: string | null; value: unknown; depth: number }) {
  if (Array.isArray(value) || isObject(value)) return <Inner name={name} value={value} depth={depth} />;
  return (
    <li>
      <div className={styles.row}>
        <span className={styles.space} />
        <Name name={name} />
        <Leaf value={value} />
      </div>
    </li>
  );
}

interface InnerProps {
  name: string | null;
  value: readonly unknown[] | JsonObject;
  depth: number;
}

function Inner({ name, value, depth }: InnerProps) {
  const { tree: text, more } = useText(SHARED);
  const [isOpen, setIsOpen] = useState(depth > 0);
  const [shown, setShown] = useState(STEP);
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  return (
    <li>
      <div className={styles.row}>
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={isOpen}
          disabled={count === 0}
          onClick={() => setIsOpen(!isOpen)}
        >
          <Icon name={isOpen ? "down" : "right"} size={12} />
          <Name name={name} isInner />
          <span className={styles.size}>{Array.isArray(value) ? text.items(count) : text.members(count)}</span>
        </button>
      </div>
      {isOpen && count > 0 && (
        <ul className={styles.inner}>
          {firstOf(value, shown).map(([key, each]) => (
            <Branch key={key} name={key} value={each} depth={depth - 1} />
          ))}
          {count > shown && (
            <li>
              <Button size="small" appearance="subtle" onClick={() => setShown(shown + STEP)}>
                {more}
              </Button>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

function Name({ name, isInner = false }: { name: string | null; isInner?: boolean }) {
  if (name === null) return null;
  return (
    <span className={styles.key}>
      {name}
      {!isInner && <span className={styles.colon}>: </span>}
    </span>
  );
}

function Leaf({ value }: { value: unknown }) {
  const { tree: text } = useText(SHARED);
  const [isWhole, setIsWhole] = useState(false);
  if (typeof value !== "string") return <span className={styles.number}>{String(value)}</span>;
  if (value.length <= LONGEST || isWhole) return <span className={styles.text}>{value === "" ? "“”" : value}</span>;
  return (
    <span className={styles.text}>
      {value.slice(0, LONGEST)}…{" "}
      <Button size="small" appearance="subtle" onClick={() => setIsWhole(true)}>
        {text.whole(value.length)}
      </Button>
    </span>
  );
}

/** Returns how many levels can be open, at least the first one, so that not too many rows are drawn. */
function levelsThatFit(value: unknown, depth: number): number {
  let level: readonly unknown[] = [value];
  let rows = 0;
  for (let open = 0; open < depth; open += 1) {
    const next = level.flatMap((each) => firstOf(each, STEP).map(([, member]) => member));
    rows += next.length;
    if (rows > MOST_ROWS) return Math.max(1, open);
    level = next;
  }
  return depth;
}

/** Returns the first members with their names. The others are not looked at: there may be a million. */
function firstOf(value: unknown, count: number): readonly [string, unknown][] {
  if (Array.isArray(value)) return value.slice(0, count).map((each, at) => [String(at), each]);
  if (!isObject(value)) return [];
  return Object.keys(value)
    .slice(0, count)
    .map((name) => [name, value[name]]);
}

/** A JSON value as a tree that opens where it is read: a document of megabytes draws only what is open. */

import { Button } from "@fluentui/react-components";
import { useState } from "react";
import { isObject } from "../shared/http";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { Icon } from "./icons";
import styles from "./JsonTree.module.css";

/** Members of one object or items of one list that are drawn at first, and added by each press. */
const STEP = 100;
/** A longer text is cut until it is asked for. */
const LONGEST = 500;

interface JsonTreeProps {
  label: string;
  value: unknown;
  /** How many levels are open at first. */
  depth?: number;
}

export function JsonTree({ label, value, depth = 2 }: JsonTreeProps) {
  return (
    <ul className={styles.tree} aria-label={label}>
      <Branch name={null} value={value} depth={depth} />
    </ul>
  );
}

function Branch({ name, value, depth }: { name: string | null; value: unknown; depth: number }) {
  const members = membersOf(value);
  if (members === null) {
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
  return <Inner name={name} members={members} isList={Array.isArray(value)} depth={depth} />;
}

interface InnerProps {
  name: string | null;
  members: readonly [string, unknown][];
  isList: boolean;
  depth: number;
}

function Inner({ name, members, isList, depth }: InnerProps) {
  const { tree: text, more } = useText(SHARED);
  const [isOpen, setIsOpen] = useState(depth > 0);
  const [shown, setShown] = useState(STEP);
  const size = isList ? text.items(members.length) : text.members(members.length);
  return (
    <li>
      <div className={styles.row}>
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={isOpen}
          disabled={members.length === 0}
          onClick={() => setIsOpen(!isOpen)}
        >
          <Icon name={isOpen ? "down" : "right"} size={12} />
          <Name name={name} isInner />
          <span className={styles.size}>{size}</span>
        </button>
      </div>
      {isOpen && members.length > 0 && (
        <ul className={styles.inner}>
          {members.slice(0, shown).map(([key, each]) => (
            <Branch key={key} name={key} value={each} depth={depth - 1} />
          ))}
          {members.length > shown && (
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

function membersOf(value: unknown): readonly [string, unknown][] | null {
  if (Array.isArray(value)) return value.map((each, at) => [String(at), each]);
  return isObject(value) ? Object.entries(value) : null;
}

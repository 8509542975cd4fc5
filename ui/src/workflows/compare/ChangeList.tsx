import { useEffect, useRef } from "react";
import type { Change } from "../../api/queries/workflows/workflows";
import { writeJson } from "../../kit/json/json-text";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { type ChangeGroup, groupChanges } from "./changes";
import styles from "./compare.module.css";

interface ChangeListProps {
  changes: readonly Change[];
  /** The name of a step by its id. */
  nameOf: (step: string) => string;
  selected?: string | null;
  onSelect?: (step: string) => void;
}

const SIGNS: Readonly<Record<Change["kind"], string>> = { added: "+", removed: "−", changed: "±" };
/** Longer values are cut; the text side by side has them whole. */
const LONGEST = 160;

/** The changes between two versions by step, each with what was and what is. */
export function ChangeList({ changes, nameOf, selected = null, onSelect }: ChangeListProps) {
  const { compare: text } = useText(TEXTS);
  return (
    <ul className={styles.groups} aria-label={text.changes}>
      {groupChanges(changes).map((group) => (
        <Group
          key={group.step}
          group={group}
          name={group.step === "" ? text.workflow : nameOf(group.step)}
          isSelected={group.step === selected}
          {...(onSelect !== undefined && group.step !== "" && { onSelect: () => onSelect(group.step) })}
        />
      ))}
    </ul>
  );
}

interface GroupProps {
  group: ChangeGroup;
  name: string;
  isSelected: boolean;
  onSelect?: () => void;
}

function Group({ group, name, isSelected, onSelect }: GroupProps) {
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    // jsdom scrolls nowhere.
    if (isSelected) item.current?.scrollIntoView?.({ block: "nearest" });
  }, [isSelected]);
  return (
    <li ref={item} className={isSelected ? `${styles.group} ${styles.selected}` : styles.group}>
      {onSelect === undefined ? (
        <div className={styles.name}>{name}</div>
      ) : (
        <div className={styles.name}>
          <button type="button" className={styles.button} aria-pressed={isSelected} onClick={onSelect}>
            {name}
          </button>
        </div>
      )}
      <ul>
        {group.changes.map((change) => (
          <ChangeItem key={`${change.subject} ${change.name} ${change.path}`} change={change} />
        ))}
      </ul>
    </li>
  );
}

function ChangeItem({ change }: { change: Change }) {
  const { compare: text } = useText(TEXTS);
  const { kind, before, after } = change;
  return (
    <li className={styles.change}>
      <span className={styles[kind]}>
        <span aria-hidden="true">{SIGNS[kind]} </span>
        {text.kinds[kind]}
      </span>
      <span className={styles.what}>{whatOf(change, text)}</span>
      {kind === "changed" && (
        <span className={styles.values}>
          <del>{shortOf(before)}</del> <ins>{shortOf(after)}</ins>
        </span>
      )}
    </li>
  );
}

interface Words {
  edge: (exit: string) => string;
  wholeStep: string;
  members: (pointer: string) => string;
}

/** Returns what a change is about: the whole step, one of its settings, an exit, or a field of the workflow. */
function whatOf({ subject, name, path }: Change, text: Words): string {
  if (subject === "edge") return text.edge(name.slice(name.lastIndexOf("/") + 1));
  const place = path.split("/").filter(Boolean).join(" › ");
  if (subject === "step") return place === "" ? text.wholeStep : text.members(place);
  return text.members([name, place].filter(Boolean).join(" › "));
}

function shortOf(value: unknown): string {
  const text = typeof value === "string" ? value : writeJson(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

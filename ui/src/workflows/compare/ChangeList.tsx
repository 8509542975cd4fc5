import { useEffect, useRef } from "react";
import type { Change } from "../../api/queries/workflows/workflows";
import type { GraphStep } from "../../graph/outline";
import { TEXTS as FORM_TEXTS } from "../../kit/fields/text";
import { useText } from "../../text/language";
import { FIELD_LABELS, placeWords } from "../../text/settings";
import { FIELDS } from "../settings/settings";
import { TEXTS } from "../text";
import { type ChangeGroup, groupChanges } from "./changes";
import styles from "./compare.module.css";
import { type Detail, detailsOf, shortOf, wordsOf, wordsOfBoth } from "./details";

/** Returns what a step is called and its type, by its id; null where it is not known here. */
export type StepOf = (id: string) => Pick<GraphStep, "name" | "type"> | null;

interface ChangeListProps {
  changes: readonly Change[];
  stepOf: StepOf;
  selected?: string | null;
  onSelect?: (step: string) => void;
}

const SIGNS: Readonly<Record<Change["kind"], string>> = { added: "+", removed: "−", changed: "±" };
/** Longer values are cut; the text side by side has them whole. */
const LONGEST = 160;

/** The changes between two versions by step, each with what was and what is. */
export function ChangeList({ changes, stepOf, selected = null, onSelect }: ChangeListProps) {
  const { compare: text } = useText(TEXTS);
  return (
    <ul className={styles.groups} aria-label={text.changes}>
      {groupChanges(changes).map((group) => (
        <Group
          key={group.step}
          group={group}
          name={group.step === "" ? text.workflow : (stepOf(group.step)?.name ?? group.step)}
          stepOf={stepOf}
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
  stepOf: StepOf;
  isSelected: boolean;
  onSelect?: () => void;
}

function Group({ group, name, stepOf, isSelected, onSelect }: GroupProps) {
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
          <ChangeItems key={`${change.subject} ${change.name} ${change.path}`} change={change} stepOf={stepOf} />
        ))}
      </ul>
    </li>
  );
}

/** One change: each part that differs, with what it was and what it is. */
function ChangeItems({ change, stepOf }: { change: Change; stepOf: StepOf }) {
  const { compare: text } = useText(TEXTS);
  const { kind, subject, name, path } = change;
  if (subject === "step" && path === "") {
    return (
      <li className={styles.change}>
        <Sign kind={kind} />
        <span className={styles.what}>{text.wholeStep}</span>
      </li>
    );
  }
  if (subject === "edge") {
    const exit = name.slice(name.lastIndexOf("/") + 1);
    const target = (id: unknown): string => (typeof id === "string" ? (stepOf(id)?.name ?? id) : text.nothing);
    return (
      <Part
        place={text.edge(exit)}
        before={kind === "added" ? null : target(change.before)}
        after={kind === "removed" ? null : target(change.after)}
      />
    );
  }
  return detailsOf(change).map((detail) => <DetailItem key={detail.path.join("/")} {...{ change, detail, stepOf }} />);
}

function DetailItem({ change, detail, stepOf }: { change: Change; detail: Detail; stepOf: StepOf }) {
  const { compare: text, settings } = useText(TEXTS);
  const labels = useText(FIELD_LABELS);
  const operators: Readonly<Record<string, string>> = useText(FORM_TEXTS).operators;
  const { subject, name } = change;
  const { path } = detail;
  const names = name === "workflow_settings" ? path : [name, ...path];
  const own = FIELDS.find((field) => field === names[0]);
  const outer = own === undefined ? names : [settings.fields[own], ...names.slice(1)];
  const place = subject === "step" ? placeWords(labels, stepOf(name)?.type ?? null, path) : outer.join(" › ");
  const say = (value: unknown): string => {
    const isOperator = path.at(-1) === "operator" && typeof value === "string" && Object.hasOwn(operators, value);
    return (isOperator ? operators[value] : undefined) ?? wordsOf(value, text);
  };
  const [before, after] = wordsOfBoth(detail, say);
  return <Part place={place} before={before} after={after} />;
}

interface PartProps {
  place: string;
  /** What was there, and what is there now; null: nothing. */
  before: string | null;
  after: string | null;
}

function Part({ place, before, after }: PartProps) {
  return (
    <li className={styles.change}>
      <Sign kind={before === null ? "added" : after === null ? "removed" : "changed"} />
      <span className={styles.what}>{place}</span>
      <span className={styles.values}>
        {before !== null && <del>{shortOf(before, LONGEST)}</del>}
        {before !== null && after !== null && " → "}
        {after !== null && <ins>{shortOf(after, LONGEST)}</ins>}
      </span>
    </li>
  );
}

function Sign({ kind }: { kind: Change["kind"] }) {
  const { compare: text } = useText(TEXTS);
  return (
    <span className={styles[kind]}>
      <span aria-hidden="true">{SIGNS[kind]} </span>
      {text.kinds[kind]}
    </span>
  );
}

/** Conditions that must all hold, and groups of them of which one must. */

import { Button } from "@fluentui/react-components";
import { Fragment } from "react";
import { isObject, type JsonObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import { Icon } from "../../icons";
import styles from "../Fields.module.css";
import type { FieldProps } from "../field";
import { useInputs } from "../inputs";
import { TEXTS } from "../text";
import { RuleRow } from "./RuleRow";
import { groupsOf, NEW_RULE } from "./rule";

/** Rules that must all hold. */
export function RulesField(props: FieldProps) {
  const text = useText(TEXTS);
  const { Json } = useInputs();
  const { label, value, onChange, name, isReadOnly = false, problem } = props;
  const rules = listOf(value);
  if (rules === null) return <Json {...props} />;
  return (
    <section className={styles.rows} aria-label={label}>
      <h3 className={styles.title}>{label}</h3>
      {problem !== undefined && <p className={styles.problem}>{problem}</p>}
      {rules.map((rule, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a rule has no identity but its place
        <Fragment key={at}>
          {at > 0 && <span className={styles.word}>{text.rules.and}</span>}
          <RuleRow
            title={text.rules.rule(at + 1)}
            name={`${name}/${at}`}
            rule={rule}
            isReadOnly={isReadOnly}
            onRule={(next) => onChange(rules.with(at, next))}
            onRemove={rules.length > 1 ? () => onChange(rules.toSpliced(at, 1)) : undefined}
          />
        </Fragment>
      ))}
      {!isReadOnly && <Add label={text.rules.add} onClick={() => onChange([...rules, NEW_RULE])} />}
    </section>
  );
}

/** Conditions in groups: those of a group must all hold, and one group must. */
export function GroupsField(props: FieldProps) {
  const text = useText(TEXTS);
  const { Json } = useInputs();
  const { label, value, onChange, name, isReadOnly = false } = props;
  const conditions = listOf(value);
  if (conditions === null) return <Json {...props} />;
  const groups = groupsOf(conditions);
  return (
    <fieldset className={styles.rows} aria-label={label}>
      {groups.map((places, group) => (
        <Fragment key={places[0]}>
          {group > 0 && <span className={styles.word}>{text.rules.or}</span>}
          <fieldset className={styles.box} aria-label={text.rules.group(group + 1)}>
            {places.map((at) => (
              <RuleRow
                key={at}
                title={text.rules.rule(at + 1)}
                name={`${name}/${at}`}
                rule={conditions[at] ?? {}}
                isReadOnly={isReadOnly}
                onRule={(next) => onChange(conditions.with(at, next))}
                onRemove={conditions.length > 1 ? () => onChange(without(conditions, at)) : undefined}
              />
            ))}
            {!isReadOnly && (
              <Add
                label={text.rules.add}
                onClick={() => onChange(conditions.toSpliced((places.at(-1) ?? 0) + 1, 0, newJoin("and")))}
              />
            )}
          </fieldset>
        </Fragment>
      ))}
      {!isReadOnly && <Add label={text.rules.addGroup} onClick={() => onChange([...conditions, newJoin("or")])} />}
    </fieldset>
  );
}

function newJoin(join: "and" | "or"): JsonObject {
  return { join, ...NEW_RULE };
}

/** Returns the conditions without one. The next one of a group that lost its first begins it in its place. */
export function without(conditions: readonly JsonObject[], at: number): JsonObject[] {
  const begins = conditions[at]?.join === "or";
  return conditions.toSpliced(at, 1).map((each, place) => (place === at && begins ? { ...each, join: "or" } : each));
}

function Add({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <div>
      <Button size="small" appearance="subtle" icon={<Icon name="plus" size={14} />} onClick={onClick}>
        {label}
      </Button>
    </div>
  );
}

function listOf(value: unknown): readonly JsonObject[] | null {
  if (value === undefined) return [];
  return Array.isArray(value) && value.every(isObject) ? value : null;
}

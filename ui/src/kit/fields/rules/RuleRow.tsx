/** One condition: a value, a comparison, and what it is compared with. */

import { Button, Checkbox, Field, Select } from "@fluentui/react-components";
import { ExactNumber } from "../../../shared/exact";
import type { JsonObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import { Icon } from "../../icons";
import { ChoiceField } from "../ChoiceField";
import styles from "../Fields.module.css";
import { isComputed } from "../field";
import { InstantField } from "../InstantField";
import { useInputs } from "../inputs";
import { NumberField } from "../NumberField";
import { TEXTS } from "../text";
import { groupsFor, operandOf, operatorsOf } from "./operators";
import { changedRule, type RuleView, viewOf } from "./rule";

interface RuleRowProps {
  title: string;
  name: string;
  rule: JsonObject;
  isReadOnly: boolean;
  onRule: (rule: JsonObject) => void;
  /** Absent where the only condition must stay. */
  onRemove?: (() => void) | undefined;
}

export function RuleRow({ title, name, rule, isReadOnly, onRule, onRemove }: RuleRowProps) {
  const text = useText(TEXTS);
  const { Json } = useInputs();
  const view = viewOf(rule);
  const change = (some: Partial<RuleView>): void => onRule(changedRule(rule, some));
  return (
    <fieldset className={styles.box} aria-label={title}>
      <div className={styles.head}>
        <span className={styles.title}>{title}</span>
        {!isReadOnly && onRemove !== undefined && (
          <Button
            size="small"
            appearance="subtle"
            icon={<Icon name="close" size={14} />}
            aria-label={text.remove(title)}
            onClick={onRemove}
          />
        )}
      </div>
      {view === null ? (
        <Json
          label={text.asJson}
          name={name}
          value={rule}
          isReadOnly={isReadOnly}
          onChange={(value) => onRule(value as JsonObject)}
        />
      ) : (
        <Parts name={name} view={view} isReadOnly={isReadOnly} onChange={change} />
      )}
    </fieldset>
  );
}

interface PartsProps {
  name: string;
  view: RuleView;
  isReadOnly: boolean;
  onChange: (some: Partial<RuleView>) => void;
}

function Parts({ name, view, isReadOnly, onChange }: PartsProps) {
  const { rules: text, operators } = useText(TEXTS);
  const { Text, useType } = useInputs();
  const groups = groupsFor(useType(view.variable));
  const operand = operandOf(view.operator);
  const isShown = operand !== null && groups.some((group) => group === operand);
  return (
    <>
      <Text
        label={text.variable}
        name={`${name}/variable`}
        value={view.variable}
        isReadOnly={isReadOnly}
        expected="any"
        onChange={(variable) => onChange({ variable })}
      />
      <Field label={text.operator}>
        <Select
          disabled={isReadOnly}
          value={view.operator}
          onChange={(_, { value }) => onChange({ operator: value, ...adaptValue(view, value) })}
        >
          {!isShown && (
            <option value={view.operator}>
              {operand === null ? view.operator : operators[view.operator as keyof typeof operators]}
            </option>
          )}
          {groups.map((group) => (
            <optgroup key={group} label={text.kinds[group]}>
              {operatorsOf(group).map((operator) => (
                <option key={operator} value={operator}>
                  {operators[operator]}
                </option>
              ))}
            </optgroup>
          ))}
        </Select>
      </Field>
      <Value name={name} view={view} isReadOnly={isReadOnly} onChange={onChange} />
      <Checkbox
        label={text.not}
        disabled={isReadOnly}
        checked={view.isNot}
        onChange={(_, { checked }) => onChange({ isNot: checked === true })}
      />
    </>
  );
}

/** Returns the value that another operator starts with, where the present one cannot be compared by it. */
function adaptValue({ value }: RuleView, operator: string): Partial<RuleView> {
  const operand = operandOf(operator);
  if (isComputed(value)) return {};
  if (operand === "test") return typeof value === "boolean" ? {} : { value: undefined };
  if (operand === "boolean") return typeof value === "boolean" ? {} : { value: true };
  if (operand === "number") return typeof value === "string" || typeof value === "boolean" ? { value: 0 } : {};
  if (typeof value === "string") return {};
  return { value: value instanceof ExactNumber ? value.text : String(value ?? "") };
}

function Value({ name, view, isReadOnly, onChange }: PartsProps) {
  const { rules: text } = useText(TEXTS);
  const { Text, Json } = useInputs();
  const { operator, value } = view;
  const operand = operandOf(operator);
  const field = {
    label: text.value,
    name: `${name}/value`,
    value,
    isReadOnly,
    onChange: (next: unknown) => onChange({ value: next }),
  };
  if (operand === "number") return <NumberField {...field} />;
  if (operand === "time") return <InstantField {...field} onChange={(next) => onChange({ value: next ?? "" })} />;
  if (operand === "boolean" || operand === "test") {
    const chosen = typeof value === "boolean" ? String(value) : value;
    return (
      <ChoiceField
        {...field}
        value={chosen}
        isComputable={operand === "boolean"}
        {...(operand === "test" && { fallback: "true" })}
        options={[
          { value: "true", label: text.isTrue },
          { value: "false", label: text.isFalse },
        ]}
        onChange={(next) => onChange({ value: next === "true" || next === "false" ? next === "true" : next })}
      />
    );
  }
  if (operand === "text" && (typeof value === "string" || value === undefined)) {
    return <Text {...field} value={value ?? ""} expected="text" onChange={(next) => onChange({ value: next })} />;
  }
  return <Json {...field} />;
}

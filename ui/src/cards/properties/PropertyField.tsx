/** One property of a part: its value, or the expression that gives it. */

import { Button, Input, Select, Switch, Textarea, Tooltip } from "@fluentui/react-components";
import { useId, useState } from "react";
import { ExpressionBox } from "../../expression/ExpressionBox";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { TEXTS } from "../designer/text";
import type { Property } from "../elements/properties";
import { choiceOf, ELEMENT_TEXTS, wordsOf } from "../elements/text";
import styles from "./Properties.module.css";
import { boundValue, fieldText, isBound, keptValue, readField, shownExpression } from "./values";

interface PropertyFieldProps {
  type: string;
  property: Property;
  value: unknown;
  isReadOnly: boolean;
  /** What the checks say about the value. */
  findings: readonly string[];
  onChange: (value: unknown) => void;
}

const TEXTUAL: readonly string[] = ["text", "longText", "url", "image"];
const CODE = { className: styles.code ?? "" };
const TEMPLATE: readonly string[] = ["each", "when"];

export function PropertyField({ type, property, value, isReadOnly, findings, onChange }: PropertyFieldProps) {
  const text = useText(TEXTS);
  const words = wordsOf(useText(ELEMENT_TEXTS), type, property.name);
  const id = useId();
  const [isBinding, setIsBinding] = useState(false);
  const isTemplate = TEMPLATE.includes(property.kind);
  const isTextual = TEXTUAL.includes(property.kind) && typeof value !== "object";
  const asExpression = isTemplate || isBinding || isBound(value);
  const hint = `${id}-hint`;
  const field = { id, describedBy: hint, isReadOnly };
  const written = { label: words.label, isReadOnly, aria: { id, "aria-label": words.label, "aria-describedby": hint } };
  return (
    <div className={styles.field}>
      <div className={styles.label}>
        <label htmlFor={id}>
          {words.label}
          {property.isRequired && <span aria-hidden="true"> *</span>}
        </label>
        {!isTemplate && !isTextual && !isReadOnly && (
          <Tooltip content={asExpression ? text.useValue : text.useData} relationship="label">
            <Button
              size="small"
              appearance="subtle"
              aria-pressed={asExpression}
              icon={<Icon name="data" size={14} />}
              onClick={() => {
                setIsBinding(!asExpression);
                if (asExpression) onChange(undefined);
              }}
            />
          </Tooltip>
        )}
      </div>
      {isTextual && (
        <ExpressionBox
          {...written}
          value={fieldText(value)}
          isMultiline={property.kind === "longText"}
          onChange={(next) => onChange(next === "" ? undefined : next)}
        />
      )}
      {!isTextual && asExpression && <Bound {...written} value={value} onChange={onChange} />}
      {!isTextual && !asExpression && <Literal {...field} property={property} value={value} onChange={onChange} />}
      <p id={hint} className={styles.hint}>
        {words.help}
      </p>
      {findings.map((finding) => (
        <p key={finding} className={styles.wrong}>
          {finding}
        </p>
      ))}
    </div>
  );
}

interface BoundProps {
  label: string;
  value: unknown;
  isReadOnly: boolean;
  aria: object;
  onChange: (value: unknown) => void;
}

/** An expression, which may be written without its `${}`; it is shown as it was typed here. */
function Bound({ value, onChange, ...props }: BoundProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const isTyped = typed !== null && boundValue(typed) === value;
  return (
    <ExpressionBox
      {...props}
      value={isTyped ? typed : shownExpression(value)}
      isBare
      expected="any"
      onChange={(next) => {
        setTyped(next);
        onChange(boundValue(next));
      }}
    />
  );
}

interface LiteralProps {
  id: string;
  describedBy: string;
  isReadOnly: boolean;
  property: Property;
  value: unknown;
  onChange: (value: unknown) => void;
}

function Literal({ id, describedBy, isReadOnly, property, value, onChange }: LiteralProps) {
  switch (property.kind) {
    case "switch":
      return (
        <Switch
          id={id}
          aria-describedby={describedBy}
          checked={(value ?? property.default) === true}
          disabled={isReadOnly}
          onChange={(_, { checked }) => onChange(keptValue(property, checked))}
        />
      );
    case "choice":
      return <Choices {...{ id, describedBy, isReadOnly, property, value, onChange }} />;
    case "number":
      return <Written {...{ id, describedBy, isReadOnly, value, onChange }} kind="number" />;
    case "json":
    case "text":
    case "longText":
    case "url":
    case "image":
      // An object in place of a text, such as a background image with its fill mode.
      return <Written {...{ id, describedBy, isReadOnly, value, onChange }} kind="json" />;
    case "each":
    case "when":
      return null;
  }
}

function Choices({ id, describedBy, isReadOnly, property, value, onChange }: LiteralProps) {
  const text = useText(TEXTS);
  const words = useText(ELEMENT_TEXTS);
  const current = typeof value === "string" ? value : "";
  const known = property.choices.find((each) => each.toLowerCase() === current.toLowerCase());
  return (
    <Select
      id={id}
      aria-describedby={describedBy}
      value={known ?? current}
      disabled={isReadOnly}
      onChange={(_, { value: next }) => onChange(next === "" ? undefined : next)}
    >
      <option value="">{text.byDefault(choiceOf(words, String(property.default)))}</option>
      {known === undefined && current !== "" && <option value={current}>{current}</option>}
      {property.choices.map((each) => (
        <option key={each} value={each}>
          {choiceOf(words, each)}
        </option>
      ))}
    </Select>
  );
}

interface WrittenProps extends Omit<LiteralProps, "property"> {
  kind: "number" | "json";
}

/** What cannot be read stays as it is written, and the card as it was. */
function Written({ id, describedBy, isReadOnly, kind, value, onChange }: WrittenProps) {
  const text = useText(TEXTS);
  const [draft, setDraft] = useState({ of: value, text: fieldText(value) });
  // The card was changed elsewhere, by an undo for example.
  const shown = draft.of === value ? draft.text : fieldText(value);
  const read = readField(kind, shown);
  const write = (next: string): void => {
    const parsed = readField(kind, next);
    setDraft({ of: parsed.kind === "value" ? parsed.value : value, text: next });
    if (parsed.kind === "value") onChange(parsed.value);
  };
  const common = { id, "aria-describedby": describedBy, value: shown, readOnly: isReadOnly };
  return (
    <>
      {kind === "number" ? (
        <Input {...common} inputMode="decimal" onChange={(_, { value: next }) => write(next)} />
      ) : (
        <Textarea
          {...common}
          rows={Math.min(8, Math.max(2, shown.split("\n").length))}
          textarea={CODE}
          onChange={(_, { value: next }) => write(next)}
        />
      )}
      {read.kind === "wrong" && <p className={styles.wrong}>{text.wrongField[read.reason]}</p>}
    </>
  );
}

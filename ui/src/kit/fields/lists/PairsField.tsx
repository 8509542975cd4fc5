/** Names with values, such as headers. The order stays; a value that is no text is edited as JSON. */

import { Button, Field, Input } from "@fluentui/react-components";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { isObject, type JsonObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import { Icon } from "../../icons";
import { Computed } from "../Computed";
import styles from "../Fields.module.css";
import { type FieldProps, frameOf } from "../field";
import { useInputs } from "../inputs";
import { TEXTS } from "../text";
import { ValueField } from "./ValueField";

export function PairsField(props: FieldProps) {
  const { value } = props;
  const { Json } = useInputs();
  if (value !== undefined && !isObject(value) && typeof value !== "string") return <Json {...props} />;
  return (
    <Computed field={props} expected="object">
      <Rows {...props} pairs={isObject(value) ? value : {}} />
    </Computed>
  );
}

function Rows({ pairs, ...props }: FieldProps & { pairs: JsonObject }) {
  const text = useText(TEXTS);
  const { label, onChange, isReadOnly = false } = props;
  const [isBegun, setIsBegun] = useState(false);
  /** The row whose value is entered next, after its name by keys. */
  const [entered, setEntered] = useState<number | null>(null);
  const entries = Object.entries(pairs);
  const give = (next: readonly (readonly [string, unknown])[]): void =>
    onChange(next.length === 0 ? undefined : Object.fromEntries(next));
  return (
    <Field {...frameOf(props)}>
      {() => (
        <fieldset aria-label={label} className={styles.rows}>
          {entries.map(([name, value], at) => (
            <Row
              // A name is edited until it is left; the row stays the same row.
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity while their names change
              key={at}
              at={at}
              isEntered={at === entered}
              onEntered={() => setEntered(null)}
              field={props}
              name={name}
              value={value}
              taken={entries.filter((_, other) => other !== at).map(([other]) => other)}
              onName={(next) => give(entries.with(at, [next, value]))}
              onValue={(next) => give(entries.with(at, [name, next ?? ""]))}
              onRemove={() => give(entries.toSpliced(at, 1))}
            />
          ))}
          {isBegun && (
            <NewName
              label={text.nameOf(entries.length + 1)}
              taken={entries.map(([name]) => name)}
              onName={(name, isByKey) => {
                setIsBegun(false);
                if (name === "") return;
                give([...entries, [name, ""]]);
                if (isByKey) setEntered(entries.length);
              }}
            />
          )}
          {!isReadOnly && !isBegun && (
            <div>
              <Button
                size="small"
                appearance="subtle"
                icon={<Icon name="plus" size={14} />}
                aria-label={text.addRow(label)}
                onClick={() => setIsBegun(true)}
              >
                {text.add}
              </Button>
            </div>
          )}
        </fieldset>
      )}
    </Field>
  );
}

interface RowProps {
  at: number;
  isEntered: boolean;
  onEntered: () => void;
  field: FieldProps;
  name: string;
  value: unknown;
  taken: readonly string[];
  onName: (name: string) => void;
  onValue: (value: unknown) => void;
  onRemove: () => void;
}

function Row({ at, isEntered, onEntered, field, name, value, taken, onName, onValue, onRemove }: RowProps) {
  const text = useText(TEXTS);
  const { isReadOnly = false } = field;
  const shared = { label: text.valueOf(name), name: `${field.name}/${name}`, isReadOnly };
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isEntered) return;
    line.current?.querySelector<HTMLElement>("[role=textbox], textarea")?.focus();
    onEntered();
  });
  return (
    <div ref={line} className={styles.line}>
      <NewName label={text.nameOf(at + 1)} value={name} taken={taken} isReadOnly={isReadOnly} onName={onName} />
      <ValueField {...shared} value={value} onChange={onValue} />
      {!isReadOnly && (
        <Button
          appearance="subtle"
          icon={<Icon name="close" size={14} />}
          aria-label={text.remove(name)}
          onClick={onRemove}
        />
      )}
    </div>
  );
}

interface NewNameProps {
  label: string;
  value?: string;
  taken: readonly string[];
  isReadOnly?: boolean;
  /** `isByKey`: the next field is to be entered, since the name was left by a key that leads on. */
  onName: (name: string, isByKey: boolean) => void;
}

/** A name, which takes effect when it is left: half of a name would be another one. */
function NewName({ label, value = "", taken, isReadOnly = false, onName }: NewNameProps) {
  const text = useText(TEXTS);
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? value;
  const isTaken = typed !== null && taken.includes(typed);
  const leave = (isByKey: boolean): void => {
    if (isTaken) return;
    setTyped(null);
    if (shown !== value || value === "") onName(shown.trim(), isByKey);
  };
  const press = (event: KeyboardEvent): void => {
    const isNew = value === "" && shown.trim() !== "";
    // The row of a new name is another element, so that the browser would not know what comes next.
    if (isNew && event.key === "Tab" && !event.shiftKey) event.preventDefault();
    else if (event.key !== "Enter") return;
    leave(isNew);
  };
  return (
    <Field label={label} {...(isTaken && { validationMessage: text.twice(shown) })}>
      <Input
        className={styles.mono}
        autoFocus={value === ""}
        autoComplete="off"
        readOnly={isReadOnly}
        value={shown}
        onChange={(_, { value: next }) => setTyped(next)}
        onBlur={() => leave(false)}
        onKeyDown={press}
      />
    </Field>
  );
}

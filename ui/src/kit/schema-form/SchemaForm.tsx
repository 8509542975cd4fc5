/** A form made of a JSON Schema. Members that the schema does not name stay, and are edited as JSON. */

import { Button, Field, Input } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { isObject, type JsonObject } from "../../shared/http";
import { useText } from "../../text/language";
import { ChoiceField } from "../fields/ChoiceField";
import styles from "../fields/Fields.module.css";
import { type FieldProps, frameOf } from "../fields/field";
import { useInputs } from "../fields/inputs";
import { NumberField } from "../fields/NumberField";
import { SwitchField } from "../fields/SwitchField";
import { TEXTS } from "../fields/text";
import { Icon } from "../icons";
import { type Member, shapeOf } from "./schema";
import { SCHEMA_TEXTS } from "./text";

interface SchemaFormProps {
  schema: JsonObject;
  value: unknown;
  onChange: (value: JsonObject) => void;
  /** A name that no other form of the page has. */
  name: string;
  isReadOnly?: boolean;
  /** What is wrong, by the JSON Pointer of the value. */
  problems?: Readonly<Record<string, string>>;
}

export function SchemaForm({ schema, value, onChange, name, isReadOnly = false, problems = {} }: SchemaFormProps) {
  const text = useText(SCHEMA_TEXTS);
  const { Json } = useInputs();
  const shape = shapeOf(schema);
  const field = { name, isReadOnly, label: text.value };
  if (shape.kind !== "object" || !(value === undefined || isObject(value))) {
    return <Json {...field} value={value} problem={problems[""]} onChange={(next) => onChange(next as JsonObject)} />;
  }
  return (
    <Members
      members={shape.members}
      isOpen={shape.isOpen}
      value={value ?? {}}
      onChange={onChange}
      name={name}
      pointer=""
      depth={0}
      isReadOnly={isReadOnly}
      problems={problems}
    />
  );
}

interface Place {
  name: string;
  /** JSON Pointer of the value in the form. */
  pointer: string;
  depth: number;
  isReadOnly: boolean;
  problems: Readonly<Record<string, string>>;
}

interface MembersProps extends Place {
  members: readonly Member[];
  isOpen: boolean;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
}

function Members({ members, isOpen, value, onChange, ...place }: MembersProps) {
  const text = useText(SCHEMA_TEXTS);
  const { Json } = useInputs();
  const set = (member: string, next: unknown): void => {
    const { [member]: _, ...others } = value;
    onChange(next === undefined ? others : { ...value, [member]: next });
  };
  const known = new Set(members.map((member) => member.name));
  const others = Object.fromEntries(Object.entries(value).filter(([name]) => !known.has(name)));
  const hasOthers = Object.keys(others).length > 0;
  const setOthers = (next: unknown): void => {
    const kept = Object.entries(value).filter(([name]) => known.has(name));
    onChange({ ...Object.fromEntries(kept), ...(isObject(next) ? next : {}) });
  };
  return (
    <div className={styles.rows}>
      {members.map((member) => (
        <Value
          key={member.name}
          {...place}
          name={`${place.name}/${member.name}`}
          pointer={`${place.pointer}/${member.name.replaceAll("~", "~0").replaceAll("/", "~1")}`}
          member={member}
          value={Object.hasOwn(value, member.name) ? value[member.name] : undefined}
          onChange={(next) => set(member.name, next)}
        />
      ))}
      {(hasOthers || (isOpen && members.length === 0)) && (
        <Json
          label={hasOthers ? text.others : text.value}
          name={`${place.name}/*`}
          value={hasOthers ? others : undefined}
          isReadOnly={place.isReadOnly}
          onChange={setOthers}
        />
      )}
    </div>
  );
}

interface ValueProps extends Place {
  member: Member;
  value: unknown;
  onChange: (value: unknown) => void;
}

/** One value by its schema. A value of another type than the schema says is edited as JSON, so that it stays. */
function Value({ member, value, onChange, ...place }: ValueProps) {
  const { Text, Json } = useInputs();
  const shape = shapeOf(member.schema, place.depth);
  const field: FieldProps = {
    label: member.label,
    hint: member.hint,
    isRequired: member.isRequired,
    value,
    onChange,
    name: place.name,
    isReadOnly: place.isReadOnly,
    problem: place.problems[place.pointer],
  };
  const fallback: { fallback?: string } = typeof member.fallback === "string" ? { fallback: member.fallback } : {};
  switch (shape.kind) {
    case "text": {
      if (value !== undefined && typeof value !== "string") return <Json {...field} />;
      const give = (next: string): void => onChange(next === "" ? undefined : next);
      if (shape.isSecret) return <Secret {...field} value={value ?? ""} />;
      return (
        <Text
          {...field}
          value={value ?? ""}
          onChange={give}
          isMultiline={shape.isLong}
          placeholder={fallback.fallback ?? ""}
          expected="text"
        />
      );
    }
    case "number":
      return (
        <NumberField
          {...field}
          {...shape}
          placeholder={member.fallback === undefined ? "" : JSON.stringify(member.fallback)}
        />
      );
    case "boolean":
      return <SwitchField {...field} fallback={member.fallback === true} isComputable />;
    case "choice":
      return (
        <ChoiceField
          {...field}
          {...fallback}
          options={shape.options.map((each) => ({ value: each, label: each }))}
          isComputable
        />
      );
    case "object":
      if (value !== undefined && !isObject(value)) return <Json {...field} />;
      return (
        <Box member={member}>
          <Members
            {...place}
            members={shape.members}
            isOpen={shape.isOpen}
            depth={place.depth + 1}
            value={value ?? {}}
            onChange={(next) => onChange(Object.keys(next).length === 0 && !member.isRequired ? undefined : next)}
          />
        </Box>
      );
    case "list":
      if (value !== undefined && !Array.isArray(value)) return <Json {...field} />;
      return <Items {...place} member={member} item={shape.item} value={value ?? []} onChange={onChange} />;
    default:
      return <Json {...field} />;
  }
}

interface ItemsProps extends Place {
  member: Member;
  item: JsonObject;
  value: readonly unknown[];
  onChange: (value: unknown) => void;
}

function Items({ member, item, value, onChange, ...place }: ItemsProps) {
  const text = useText(TEXTS);
  const give = (next: readonly unknown[]): void => onChange(next.length === 0 ? undefined : next);
  const memberOf = (at: number): Member => ({
    name: String(at),
    label: text.itemOf(member.label, at + 1),
    hint: undefined,
    isRequired: false,
    fallback: undefined,
    schema: item,
  });
  return (
    <Box member={member}>
      {value.map((each, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an item has no identity but its place
        <div key={at} className={styles.item}>
          <Value
            {...place}
            name={`${place.name}/${at}`}
            pointer={`${place.pointer}/${at}`}
            depth={place.depth + 1}
            member={memberOf(at)}
            value={each}
            onChange={(next) => give(value.with(at, next ?? blankOf(item)))}
          />
          {!place.isReadOnly && (
            <Button
              appearance="subtle"
              icon={<Icon name="close" size={14} />}
              aria-label={text.remove(text.itemOf(member.label, at + 1))}
              onClick={() => give(value.toSpliced(at, 1))}
            />
          )}
        </div>
      ))}
      {!place.isReadOnly && (
        <div>
          <Button
            size="small"
            appearance="subtle"
            icon={<Icon name="plus" size={14} />}
            aria-label={text.addRow(member.label)}
            onClick={() => give([...value, blankOf(item)])}
          >
            {text.add}
          </Button>
        </div>
      )}
    </Box>
  );
}

/** A value that has others, in a frame with its words. */
function Box({ member, children }: { member: Member; children: ReactNode }) {
  return (
    <fieldset className={styles.box} aria-label={member.label}>
      <span className={styles.title}>{member.label}</span>
      {member.hint !== undefined && <p className={styles.hint}>{member.hint}</p>}
      {children}
    </fieldset>
  );
}

/** Returns the value that an item of a list starts with. */
function blankOf(schema: JsonObject): unknown {
  const { kind } = shapeOf(schema);
  const blanks = { text: "", number: 0, boolean: false, choice: "", object: {}, list: [], json: null } as const;
  return blanks[kind];
}

/** A secret: what is stored is never shown, and typing replaces it. */
function Secret(field: FieldProps & { value: string }) {
  return (
    <Field {...frameOf(field)}>
      <Input
        type="password"
        autoComplete="new-password"
        readOnly={field.isReadOnly ?? false}
        value={field.value}
        onChange={(_, { value }) => field.onChange(value === "" ? undefined : value)}
      />
    </Field>
  );
}

/** The fields of a connection: those of its kind, or its settings as JSON where no installed connector has the kind. */

import { Field, Input, Select, Switch, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { Fold } from "../../kit/folds/Fold";
import { JsonField } from "../../kit/json/JsonField";
import { readJson, writeJson } from "../../kit/json/json-text";
import { SchemaForm } from "../../kit/schema-form/SchemaForm";
import { isObject, type JsonObject, textOf } from "../../shared/http";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import type { Draft } from "./draft";
import { formOf, hasFields, split, useInstalled } from "./installed";
import { at, fieldsOf, type Kind, type SettingField, withSetting } from "./kinds";
import { SecretFields } from "./SecretFields";

interface ConnectionFieldsProps {
  draft: Draft;
  /** The names of secrets that are stored. */
  stored: readonly string[];
  onChange: (draft: Draft) => void;
}

export function ConnectionFields({ draft, stored, onChange }: ConnectionFieldsProps) {
  const { connections: text } = useText(TEXTS);
  const installed = useInstalled();
  const { layout, schema } = formOf(draft.kind, installed);
  return (
    <>
      {layout !== null && <KnownSettings kind={layout} draft={draft} onChange={onChange} />}
      {hasFields(schema) && <SchemaSettings schema={schema} draft={draft} onChange={onChange} />}
      {layout === null && schema === null && installed !== null && <OtherSettings draft={draft} onChange={onChange} />}
      <fieldset>
        <legend>{text.secrets}</legend>
        <SecretFields draft={draft} stored={stored} onChange={onChange} />
      </fieldset>
    </>
  );
}

interface SettingsProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
}

/** The settings that a schema names. Others of the connection stay as they are. */
function SchemaSettings({ schema, draft, onChange }: SettingsProps & { schema: JsonObject }) {
  const [own, others] = split(schema, draft.settings);
  const change = (next: JsonObject): void => onChange({ ...draft, settings: { ...others, ...next } });
  return <SchemaForm schema={schema} value={own} name={`connection/${draft.kind}`} onChange={change} />;
}

function KnownSettings({ kind, draft, onChange }: SettingsProps & { kind: Kind }) {
  const { connections: text } = useText(TEXTS);
  const { settings } = draft;
  const fields = fieldsOf(kind, settings);
  const rare = fields.filter(({ isRare }) => isRare);
  const set = rare.filter(({ id }) => at(settings, id) !== undefined).length;
  const draw = (field: SettingField) => (
    <Setting
      key={field.id}
      field={field}
      settings={settings}
      onChange={(value) => onChange({ ...draft, settings: withSetting(settings, field.id, value) })}
    />
  );
  return (
    <>
      {fields.filter(({ isRare }) => !isRare).map(draw)}
      {rare.length > 0 && (
        <Fold label={text.rare(set)}>
          <fieldset>
            <legend>{text.route}</legend>
            {rare.map(draw)}
          </fieldset>
        </Fold>
      )}
    </>
  );
}

interface SettingProps {
  field: SettingField;
  settings: JsonObject;
  onChange: (value: unknown) => void;
}

function Setting({ field, settings, onChange }: SettingProps) {
  const { connections: text } = useText(TEXTS);
  const value = at(settings, field.id);
  const label = text.fields[field.id];
  const hint = text.hints[field.id];
  if (field.widget === "switch") {
    return (
      <Field {...(hint !== undefined && { hint })}>
        <Switch
          label={label}
          checked={value === true}
          onChange={(_, { checked }) => onChange(checked ? true : undefined)}
        />
      </Field>
    );
  }
  return (
    <Field label={label} required={field.isRequired ?? false} {...(hint !== undefined && { hint })}>
      <Widget field={field} value={value} onChange={onChange} />
    </Field>
  );
}

function Widget({ field, value, onChange, ...of }: WidgetProps) {
  const { connections: text } = useText(TEXTS);
  const shown = textOf(value) ?? (typeof value === "number" ? String(value) : "");
  switch (field.widget) {
    case "choice":
      return (
        <Select {...of} value={shown || (field.choices?.[0] ?? "")} onChange={(_, { value: typed }) => onChange(typed)}>
          {field.choices?.map((choice) => (
            <option key={choice} value={choice}>
              {text.choices(choice)}
            </option>
          ))}
        </Select>
      );
    case "long":
      return <Textarea {...of} rows={4} value={shown} onChange={(_, { value: typed }) => onChange(typed)} />;
    case "list":
      return <LineList {...of} value={value} onChange={onChange} />;
    case "number":
      return (
        <Input
          {...of}
          inputMode="numeric"
          value={shown}
          onChange={(_, { value: typed }) => onChange(/^\d{1,9}$/.test(typed) ? Number(typed) : typed)}
        />
      );
    default:
      return <Input {...of} value={shown} onChange={(_, { value: typed }) => onChange(typed)} />;
  }
}

/** With what a `Field` gives to the control within it. */
interface WidgetProps {
  field: SettingField;
  value: unknown;
  onChange: (value: unknown) => void;
  id?: string;
}

/** A list of texts, one on each line. */
function LineList({ value, onChange, ...of }: { value: unknown; onChange: (value: unknown) => void; id?: string }) {
  const lines = Array.isArray(value) ? value.map(String) : [];
  const [typed, setTyped] = useState(lines.join("\n"));
  return (
    <Textarea
      {...of}
      rows={3}
      value={typed}
      onChange={(_, { value: next }) => {
        setTyped(next);
        const found = next
          .split("\n")
          .map((each) => each.trim())
          .filter(Boolean);
        onChange(found.length === 0 ? undefined : found);
      }}
    />
  );
}

function OtherSettings({ draft, onChange }: SettingsProps) {
  const { connections: text } = useText(TEXTS);
  const [typed, setTyped] = useState(() => writeJson(draft.settings));
  const change = (next: string): void => {
    setTyped(next);
    const read = readJson(next);
    if (read.fault === null && isObject(read.value)) onChange({ ...draft, settings: read.value });
  };
  return (
    <JsonField
      label={text.settings}
      hint={text.settingsHint}
      value={typed}
      onChange={change}
      check={(value) => (isObject(value) ? null : text.noObject)}
    />
  );
}

/** Fields of an object that a step sends, each with the values that may go into it: taken one by one. */

import { Button, Select } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { useDataTree } from "../../../expression/picker/use-data-tree";
import type { FieldProps } from "../../../kit/fields/field";
import { Icon } from "../../../kit/icons";
import { Problem } from "../../../kit/states/Problem";
import { printExact } from "../../../shared/exact";
import { expressionText } from "../../../shared/expressions";
import type { JsonObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import styles from "../Panels.module.css";
import { SchemaOfSample } from "../samples/SchemaOfSample";
import { PANEL_TEXTS } from "../text";
import {
  fieldsOf,
  fitting,
  isHolder,
  type Source,
  sourcesOf,
  suggestSource,
  type TargetField,
  withExpression,
} from "./mapping";

interface MapFieldsProps {
  field: FieldProps;
  /** What the receiver takes, where that is known. */
  schema?: JsonObject;
}

/** Below a field of JSON; nothing where it holds a value that is no object, or where nothing can be changed. */
export function MapFields({ field, schema }: MapFieldsProps) {
  const { mapping: text } = useText(PANEL_TEXTS);
  const [isOpen, setIsOpen] = useState(false);
  const { value, isReadOnly = false } = field;
  if (isReadOnly || (value !== undefined && !isHolder(value))) return null;
  return (
    <section className={styles.fold} aria-label={text.title(field.label)}>
      <button type="button" className={styles.foldHead} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        <Icon name={isOpen ? "down" : "right"} size={14} />
        <strong>{text.title(field.label)}</strong>
      </button>
      {isOpen && <Fields field={field} {...(schema !== undefined && { schema })} />}
    </section>
  );
}

function Fields({ field, schema }: MapFieldsProps) {
  const { mapping: text } = useText(PANEL_TEXTS);
  const { value, onChange } = field;
  const [example, setExample] = useState<JsonObject | null>(null);
  const { sources, error } = useSources();
  const fields = useMemo(() => fieldsOf(value, schema ?? example), [value, schema, example]);
  return (
    <div className={styles.form}>
      <p className={styles.hint}>{fields.length === 0 ? text.empty : text.hint}</p>
      {error !== null && <Problem error={error} shape="bar" />}
      <ul className={styles.list}>
        {fields.map((each) => (
          <Row
            key={each.path.join("\n")}
            field={each}
            sources={sources}
            onTake={(source) => onChange(withExpression(value, each.path, source))}
          />
        ))}
      </ul>
      {schema === undefined && <SchemaOfSample onSchema={setExample} />}
    </div>
  );
}

/** Returns the values that the step can read. */
function useSources(): { sources: readonly Source[]; error: unknown } {
  const { data, error } = useDataTree();
  const items = data?.items;
  return { sources: useMemo(() => sourcesOf(items ?? []), [items]), error };
}

interface RowProps {
  field: TargetField;
  sources: readonly Source[];
  onTake: (path: string) => void;
}

function Row({ field, sources, onTake }: RowProps) {
  const { mapping: text } = useText(PANEL_TEXTS);
  const name = field.path.join(" › ");
  const offered = fitting(sources, field);
  const suggestion = suggestSource(sources, field);
  const now = typeof field.value === "string" ? field.value : field.value === undefined ? "" : printExact(field.value);
  const isTaken = suggestion !== null && now === expressionText(suggestion.path);
  return (
    <li className={styles.item}>
      <div>
        <code>{name}</code> {now === "" ? <em>{text.nothing}</em> : <code>{now}</code>}
      </div>
      {suggestion !== null && !isTaken && (
        <Button size="small" onClick={() => onTake(suggestion.path)}>
          {text.take(suggestion.path)}
        </Button>
      )}
      <Select size="small" aria-label={text.choose(name)} value="" onChange={(_, { value }) => value && onTake(value)}>
        <option value="">{text.other}</option>
        {offered.map(({ path, type }) => (
          <option key={path} value={path}>
            {`${path} (${type})`}
          </option>
        ))}
      </Select>
    </li>
  );
}

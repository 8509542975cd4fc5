import { Field, Input, Select, Textarea } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { workflowChoicesQuery } from "../../api/queries/kit/choices";
import { DurationField } from "../../kit/fields/DurationField";
import { TagsField } from "../../kit/fields/lists/TagsField";
import { NumberField } from "../../kit/fields/NumberField";
import { namesOf } from "../../kit/fields/pickers/WorkflowField";
import { ZoneField } from "../../kit/zones/ZoneField";
import { textOf } from "../../shared/http";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { type FieldName, isPointer, type Values, withValue } from "./settings";
import layout from "./settings.module.css";

interface SettingsFieldsProps {
  values: Values;
  isReadOnly: boolean;
  onChange: (values: Values) => void;
}

const MOST_SEARCH_FIELDS = 10;
const LOGS = ["full", "errors", "none"] as const;
const DEFAULT_LOG: (typeof LOGS)[number] = "full";

/** The fields of the settings that hold for a whole workflow. */
export function SettingsFields({ values, isReadOnly, onChange }: SettingsFieldsProps) {
  const { settings: text } = useText(TEXTS);
  const set = (field: FieldName) => (value: unknown) => onChange(withValue(values, field, value));
  const of = (field: FieldName) => ({
    name: field,
    label: text.fields[field],
    hint: text.hints[field],
    value: values[field],
    isReadOnly,
    onChange: set(field),
  });
  const fields = Array.isArray(values.search_fields) ? values.search_fields.map(String) : [];
  return (
    <>
      <Group title={text.about}>
        <Field label={text.fields.workflow_name} required>
          <Input
            maxLength={200}
            readOnly={isReadOnly}
            value={textOf(values.workflow_name) ?? ""}
            onChange={(_, { value }) => set("workflow_name")(value)}
          />
        </Field>
        <Field label={text.fields.description} hint={text.hints.description ?? ""}>
          <Textarea
            rows={3}
            readOnly={isReadOnly}
            value={textOf(values.description) ?? ""}
            onChange={(_, { value }) => set("description")(value)}
          />
        </Field>
      </Group>
      <Group title={text.running}>
        <DurationField {...of("timeout")} unit="days" />
        <NumberField {...of("max_concurrency")} isWhole least={1} />
        <ZoneField
          value={textOf(values.timezone) ?? ""}
          fallback="UTC"
          isReadOnly={isReadOnly}
          onChange={set("timezone")}
        />
        <FailureField value={textOf(values.on_failure) ?? ""} isReadOnly={isReadOnly} onChange={set("on_failure")} />
      </Group>
      <Group title={text.keeping}>
        <TagsField
          name="search_fields"
          label={text.fields.search_fields}
          hint={text.hints.search_fields}
          isReadOnly={isReadOnly}
          tags={fields}
          placeholder="/payload/output/po"
          complain={(typed) => complaintOf(typed, fields.length, text)}
          onTags={(tags) => set("search_fields")(tags.length === 0 ? undefined : tags)}
        />
        <DurationField {...of("retention")} unit="days" />
        <LogField value={textOf(values.log) ?? DEFAULT_LOG} isReadOnly={isReadOnly} onChange={set("log")} />
      </Group>
    </>
  );
}

function complaintOf(typed: string, count: number, text: { noPointer: string; tooMany: string }): string {
  if (!isPointer(typed)) return text.noPointer;
  return count >= MOST_SEARCH_FIELDS ? text.tooMany : "";
}

function Group({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <fieldset className={layout.group}>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

interface OneFieldProps {
  value: string;
  isReadOnly: boolean;
  onChange: (value: unknown) => void;
}

/** How much of each execution is logged. What is the default is not stored. */
function LogField({ value, isReadOnly, onChange }: OneFieldProps) {
  const { settings: text } = useText(TEXTS);
  return (
    <Field label={text.fields.log} hint={text.hints.log ?? ""}>
      <Select
        disabled={isReadOnly}
        value={value}
        onChange={(_, { value: chosen }) => onChange(chosen === DEFAULT_LOG ? undefined : chosen)}
      >
        {LOGS.map((log) => (
          <option key={log} value={log}>
            {text.logs[log]}
          </option>
        ))}
      </Select>
    </Field>
  );
}

/** The workflow that starts when an execution fails. */
function FailureField({ value, isReadOnly, onChange }: OneFieldProps) {
  const { settings: text } = useText(TEXTS);
  const { data } = useQuery(workflowChoicesQuery(useApi()));
  const names = namesOf(data ?? []);
  return (
    <Field label={text.fields.on_failure} hint={text.hints.on_failure ?? ""}>
      <Select disabled={isReadOnly} value={value} onChange={(_, { value: chosen }) => onChange(chosen)}>
        <option value="">{text.noWorkflow}</option>
        {value !== "" && !names.has(value) && <option value={value}>{value}</option>}
        {[...names].map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
    </Field>
  );
}

/** An operation of an installed connector, with the form that its schema makes. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { type Operation, stepTypesQuery } from "../../../api/queries/studio/steps";
import { ChoiceField } from "../../../kit/fields/ChoiceField";
import { useInputs } from "../../../kit/fields/inputs";
import { ConnectionField } from "../../../kit/fields/pickers/ConnectionField";
import { Note } from "../../../kit/Note";
import { SchemaForm } from "../../../kit/schema-form/SchemaForm";
import { Problem } from "../../../kit/states/Problem";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

export function OperationField({ edit }: { edit: StepEdit }) {
  const text = useText(PANEL_TEXTS);
  const { data, error, refetch } = useQuery(stepTypesQuery(useApi()));
  const name = edit.settings.operation;
  const operations = data?.operations ?? [];
  const operation = operations.find((each) => each.operation === name);
  return (
    <>
      {error !== null && <Problem error={error} shape="bar" onRetry={() => void refetch()} />}
      <ChoiceField
        {...edit.field(["operation"], ...text.fields.operation)}
        hint={operation?.summary}
        isRequired
        options={operations.map((each) => ({ value: each.operation, label: `${each.label} (${each.connector})` }))}
      />
      {(operation === undefined || operation.connection_kind !== "" || edit.settings.connection !== undefined) && (
        <ConnectionField
          {...edit.field(["connection"], ...text.fields.connection)}
          kind={operation?.connection_kind ?? ""}
        />
      )}
      <OperationInput edit={edit} operation={operation} />
      {operation !== undefined && operation.repeat !== "always" && (
        <Note tone="info">{text.operation.repeat[operation.repeat]}</Note>
      )}
      {typeof edit.settings.repeat === "string" && (
        <p className={styles.hint}>{text.operation.stored(edit.settings.repeat)}</p>
      )}
    </>
  );
}

function OperationInput({ edit, operation }: { edit: StepEdit; operation: Operation | undefined }) {
  const text = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const field = edit.field(["input"], ...text.fields.operationInput);
  if (operation === undefined) return <Json {...field} />;
  const prefix = "/settings/input";
  const problems = Object.fromEntries(
    edit.findings
      .filter((finding) => finding.field.startsWith(prefix))
      .map((finding) => [finding.field.slice(prefix.length), finding.message]),
  );
  return (
    <section className={styles.box} aria-label={field.label}>
      <h3 className={styles.title}>{field.label}</h3>
      <SchemaForm
        schema={operation.input_schema}
        value={field.value}
        name={field.name}
        isReadOnly={edit.isReadOnly}
        problems={problems}
        onChange={field.onChange}
      />
    </section>
  );
}

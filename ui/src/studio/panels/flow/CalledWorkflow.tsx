/** The workflow that is called, and its payload by the schema of that workflow. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { payloadSchemaQuery } from "../../../api/queries/kit/choices";
import { isComputed } from "../../../kit/fields/field";
import { useInputs } from "../../../kit/fields/inputs";
import { WorkflowField } from "../../../kit/fields/pickers/WorkflowField";
import { SchemaForm } from "../../../kit/schema-form/SchemaForm";
import { shapeOf } from "../../../kit/schema-form/schema";
import { isObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { MapFields } from "../mapping/MapFields";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

export function CalledWorkflow({ edit }: { edit: StepEdit }) {
  const { fields } = useText(PANEL_TEXTS);
  return (
    <>
      <WorkflowField
        workflow={edit.field(["workflow_id"], ...fields.workflow)}
        version={edit.field(["version"], ...fields.workflowVersion)}
      />
      <Payload edit={edit} />
    </>
  );
}

function Payload({ edit }: { edit: StepEdit }) {
  const { fields } = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const { workflow_id, version = "latest" } = edit.settings;
  const id = typeof workflow_id === "string" && !isComputed(workflow_id) ? workflow_id : "";
  const called = typeof version === "number" || typeof version === "string" ? version : "latest";
  const { data } = useQuery({ ...payloadSchemaQuery(useApi(), id, called), enabled: id !== "" });
  const field = edit.field(["payload"], ...fields.payload);
  const isForm =
    data !== undefined && shapeOf(data).kind === "object" && (field.value === undefined || isObject(field.value));
  if (!isForm) return <Json {...field} />;
  return (
    <section className={styles.box} aria-label={field.label}>
      <h3 className={styles.title}>{field.label}</h3>
      <SchemaForm
        schema={data}
        value={field.value}
        name={field.name}
        isReadOnly={edit.isReadOnly}
        onChange={(value) => field.onChange(Object.keys(value).length === 0 ? undefined : value)}
      />
      <MapFields field={field} schema={data} />
    </section>
  );
}

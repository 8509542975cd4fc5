import type { Workflow } from "../api/queries/workflows/workflows";
import type { JsonObject } from "../shared/http";

/** Returns the parts of a version that its author writes, in one order. */
export function definitionOf(workflow: Workflow): JsonObject {
  const { workflow_name, description, workflow_steps, workflow_connections } = workflow;
  const { workflow_integrations, workflow_schema, workflow_settings } = workflow;
  return {
    workflow_name,
    description,
    workflow_steps,
    workflow_connections,
    workflow_integrations,
    workflow_schema,
    workflow_settings,
  };
}

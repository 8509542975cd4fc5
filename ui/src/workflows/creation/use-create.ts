import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { WORKFLOWS } from "../../api/queries/workflows/workflows";
import type { InputOf } from "../../api/types";
import { EXACT } from "../../shared/exact";
import type { JsonObject } from "../../shared/http";
import { useOpenStudio } from "../StudioLink";

/** Creates a workflow, of a definition or of a template, and opens its draft in the Studio. */
export function useCreate() {
  const api = useApi();
  const queries = useQueryClient();
  const open = useOpenStudio();
  return useMutation({
    mutationFn: (body: InputOf<"createWorkflow">) => api.call("createWorkflow", body, { codec: EXACT }),
    onSuccess: ({ item }) => {
      void queries.invalidateQueries({ queryKey: WORKFLOWS });
      open(item.workflow_id, item.workflow_version);
    },
  });
}

/** Stores a definition as the next draft of the workflow that it names, and opens it in the Studio. */
export function useImport() {
  const api = useApi();
  const queries = useQueryClient();
  const open = useOpenStudio();
  return useMutation({
    mutationFn: (definition: JsonObject) =>
      api.call("importWorkflow", { definition, incomplete: true }, { codec: EXACT }),
    onSuccess: ({ item }) => {
      void queries.invalidateQueries({ queryKey: WORKFLOWS });
      open(item.workflow_id, item.workflow_version);
    },
  });
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { asCallError } from "../../api/errors";
import { WORKFLOWS, type Workflow, workflowQuery } from "../../api/queries/workflows/workflows";
import { EXACT } from "../../shared/exact";
import { definitionOf } from "../definition";
import { type FieldName, mergeSettings, readSettings, type Values, writeSettings } from "./settings";

interface Conflict {
  theirs: Workflow;
  by: string;
  fields: readonly FieldName[];
}

interface Setup {
  /** The version as it was read. */
  stored: Workflow;
  onSaved: (saved: Workflow) => void;
}

/** Stores settings in the draft, or in a new draft of an ACTIVE version; what others stored in between is joined. */
export function useSaveSettings({ stored, onSaved }: Setup) {
  const api = useApi();
  const queries = useQueryClient();
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const send = async (base: Workflow, values: Values): Promise<Workflow> => {
    const { workflow_id, workflow_version, modified_on } = base;
    const definition = writeSettings(definitionOf(base), values);
    const body = { workflow_id, workflow_version, modified_on, definition, incomplete: true };
    return (await api.call("updateWorkflow", body, { codec: EXACT })).item;
  };
  const save = useMutation({
    mutationFn: async ({ values, base = stored }: { values: Values; base?: Workflow }): Promise<Workflow | null> => {
      try {
        return await send(base, values);
      } catch (error) {
        if (asCallError(error).code !== "STALE") throw error;
      }
      const query = workflowQuery(api, stored.workflow_id, stored.workflow_version);
      const theirs = (await queries.fetchQuery({ ...query, staleTime: 0 })).item;
      const [before, after] = [readSettings(definitionOf(base)), readSettings(definitionOf(theirs))];
      const merged = mergeSettings(before, values, after);
      if (merged.conflicts.length === 0) return send(theirs, merged.values);
      setConflict({ theirs, by: theirs.modified_by_name ?? "", fields: merged.conflicts });
      return null;
    },
    onSuccess: (saved) => {
      if (saved === null) return;
      onSaved(saved);
      void queries.invalidateQueries({ queryKey: WORKFLOWS });
    },
  });
  return {
    save: (values: Values) => save.mutate({ values }),
    isBusy: save.isPending,
    isSaved: save.isSuccess && save.data !== null,
    error: save.error,
    conflict,
    /** Decides a conflict: stores mine over their fields, or returns the form with their fields in place of mine. */
    settle: (whose: "mine" | "theirs", values: Values): Values | null => {
      if (conflict === null) return null;
      const { theirs, fields } = conflict;
      const after = readSettings(definitionOf(theirs));
      const { values: merged } = mergeSettings(readSettings(definitionOf(stored)), values, after);
      setConflict(null);
      if (whose === "mine") {
        save.mutate({ values: merged, base: theirs });
        return null;
      }
      const taken = Object.fromEntries(fields.map((field) => [field, after[field]]));
      const next: Values = { ...merged, ...taken };
      save.mutate({ values: next, base: theirs });
      return next;
    },
  };
}

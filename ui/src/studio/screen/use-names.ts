/** The names of what steps name by an id: other workflows and cards. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi } from "../../api/context";
import { cardChoicesQuery, workflowChoicesQuery } from "../../api/queries/kit/choices";
import { namesOf } from "../../kit/fields/pickers/WorkflowField";
import { type Definition, settingsOf, stepsOf } from "../document/definition";

/** Returns the names by ids; nothing is read while no step names such a thing. */
export function useNames(document: Definition): ReadonlyMap<string, string> {
  const api = useApi();
  const settings = stepsOf(document).map(settingsOf);
  const hasCards = settings.some(({ card_id }) => card_id !== undefined);
  const hasWorkflows = settings.some(({ workflow_id }) => workflow_id !== undefined);
  const { data: cards } = useQuery({ ...cardChoicesQuery(api), enabled: hasCards });
  const { data: workflows } = useQuery({ ...workflowChoicesQuery(api), enabled: hasWorkflows });
  return useMemo(
    () =>
      new Map([
        ...namesOf(workflows ?? []),
        ...(cards ?? []).map(({ card_id, card_name }) => [card_id, card_name] as const),
      ]),
    [cards, workflows],
  );
}

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { stepsQuery } from "../api/queries/operations/operations";
import { useMay } from "../session/session";
import { isObject, textOf } from "../shared/http";

/** Returns the name of a step; its id while the definition is unknown, or when a later version has it no more. */
export function useStepName(workflowId: string, step: string | null): string {
  const query = { ...stepsQuery(useApi(), workflowId), enabled: useMay("read.definitions") && step !== null };
  const found = useQuery(query).data?.find((each) => isObject(each) && each.id === step);
  return (isObject(found) && textOf(found.description)) || (step ?? "");
}

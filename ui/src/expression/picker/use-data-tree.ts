import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { dataTreeQuery } from "../../api/queries/studio/steps";
import { identityOf, useExpressionSource } from "../source";

/** Returns the query of the values that the step can read whose form is open. */
export function useDataTree() {
  const source = useExpressionSource();
  const where = () => {
    const { step_id, data: _, schema: __, ...rest } = source.where();
    return typeof step_id === "string" ? { ...rest, step_id } : null;
  };
  return useQuery(dataTreeQuery(useApi(), where, source.sample, source.version(), identityOf(source.sample)));
}

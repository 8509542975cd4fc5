import { useQueries } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { stepsQuery } from "../api/queries/operations/operations";
import { useMay } from "../session/session";
import { isObject, textOf } from "../shared/http";

interface Step {
  workflow_id: string;
  state: string;
}

/** Returns what names steps: those whose definitions were read, the others by their id. */
export function useStepNames(steps: readonly Step[]): (step: Step) => string {
  const api = useApi();
  const isEnabled = useMay("read.definitions");
  const ids = [...new Set(steps.map(({ workflow_id }) => workflow_id))];
  const found = useQueries({ queries: ids.map((id) => ({ ...stepsQuery(api, id), enabled: isEnabled })) });
  return ({ workflow_id, state }) => {
    const read = found[ids.indexOf(workflow_id)]?.data;
    const step = read?.find((each) => isObject(each) && each.id === state);
    return (isObject(step) && textOf(step.description)) || state;
  };
}

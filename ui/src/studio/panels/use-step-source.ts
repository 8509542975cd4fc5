/** What expressions of a step read: the document as it is, the step, the sample. */

import { useMemo } from "react";
import { type ExpressionSource, identityOf } from "../../expression/source";
import type { StudioStore } from "../document/store";
import { sharedChoice, useSampleData } from "./samples/use-sample";

export function useStepSource(store: StudioStore, stepId: string): ExpressionSource {
  const { document: sample } = useSampleData(store);
  return useMemo(() => {
    const { undo, redo } = store.getState();
    const doesChange = (act: () => void): boolean => {
      const before = store.getState().document;
      act();
      return store.getState().document !== before;
    };
    return {
      where: () => ({ definition: store.getState().document as Record<string, unknown>, step_id: stepId }),
      version: () => `${identityOf(store.getState().document)} ${stepId}`,
      sample,
      unfinished: sharedChoice(store).getState().unfinished,
      undo: () => doesChange(undo),
      redo: () => doesChange(redo),
    };
  }, [store, stepId, sample]);
}

/** Findings of the server on the document as it is: asked a moment after the last change, the former call is given up. */

import type { AnswerOf } from "../../../api/types";
import type { Timers } from "../../../editing/keeping/timers";
import { type Definition, isStep, rawSteps } from "../definition";
import type { StudioFinding, StudioStore } from "../store";

export const CHECK_MS = 600;

export type Answer = Pick<AnswerOf<"validateWorkflow">, "errors" | "warnings">;

interface Setup {
  store: StudioStore;
  timers: Timers;
  validate: (definition: Definition, signal: AbortSignal) => Promise<Answer>;
  /** Whether findings are of the document as it is, and when it was asked. */
  onState: (state: CheckState) => void;
}

export type CheckState = { kind: "checking" } | { kind: "checked"; at: number } | { kind: "failed"; error: unknown };

/** Checks the document now, and after each change. Returns what ends it. */
export function keepChecked({ store, timers, validate, onState }: Setup): () => void {
  let cancel: (() => void) | null = null;
  let running: AbortController | null = null;
  const check = async (): Promise<void> => {
    const controller = new AbortController();
    running = controller;
    const { document } = store.getState();
    onState({ kind: "checking" });
    try {
      const answer = await validate(document, controller.signal);
      if (controller.signal.aborted) return;
      store.getState().setFindings(findingsOf(document, answer));
      onState({ kind: "checked", at: timers.now() });
    } catch (error) {
      if (!controller.signal.aborted) onState({ kind: "failed", error });
    }
  };
  const later = (millis: number): void => {
    cancel?.();
    running?.abort();
    cancel = timers.after(millis, () => void check());
  };
  const unsubscribe = store.subscribe((state, before) => {
    if (state.document !== before.document) later(CHECK_MS);
  });
  later(0);
  return () => {
    unsubscribe();
    cancel?.();
    running?.abort();
  };
}

/** Returns the findings at their places in the document that was checked. */
export function findingsOf(document: Definition, { errors, warnings }: Answer): readonly StudioFinding[] {
  const place = placer(document);
  const findingOf = (severity: StudioFinding["severity"]) => (each: Answer["errors"][number]) => ({
    severity,
    ...each,
    ...ofMissing(place(each.path), each),
    hint: each.hint ?? "",
  });
  return [...errors.map(findingOf("error")), ...warnings.map(findingOf("warning"))];
}

interface Place {
  step: string | null;
  field: string;
}

/** The server names the holder of a field that is missing; it is shown at the field, which is there on the screen. */
function ofMissing(place: Place, { code, values }: Answer["errors"][number]): Place {
  const name = code === "FIELD_MISSING" ? values?.name : undefined;
  return typeof name === "string" ? { ...place, field: `${place.field}/${name}` } : place;
}

/** Returns what finds the step and the field of a path such as `/workflow_steps/3/settings/url`. */
function placer(document: Definition): (path: string) => Place {
  const steps = rawSteps(document);
  const edges = Array.isArray(document.workflow_connections) ? document.workflow_connections : [];
  return (path) => {
    const [, list, index = "", ...rest] = path.split("/");
    const field = rest.map((part) => `/${part}`).join("");
    if (list === "workflow_steps") {
      const step = steps[Number(index)];
      if (isStep(step)) return { step: step.id, field };
    }
    if (list === "workflow_connections") {
      const edge = edges[Number(index)] as { from?: unknown } | undefined;
      // An edge is shown at the step that it leaves.
      if (typeof edge?.from === "string") return { step: edge.from, field: "" };
    }
    return { step: null, field: path };
  };
}

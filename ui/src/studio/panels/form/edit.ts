/** One step of the document as its panel edits it: what it says, and commands that change it. */

import { useMemo } from "react";
import { useStore } from "zustand";
import { type Path, pointerOf, valueAt } from "../../../editing/document/path";
import type { FieldProps } from "../../../kit/fields/field";
import { isObject, type JsonObject } from "../../../shared/http";
import { useMakerFindingWords } from "../../../text/maker-findings";
import { changeStep } from "../../document/commands/settings";
import { type Definition, type StepJson, settingsOf, stepById, typeOf } from "../../document/definition";
import type { Planned, StudioFinding, StudioStore } from "../../document/store";

export interface StepEdit {
  id: string;
  type: string;
  step: StepJson;
  settings: JsonObject;
  isReadOnly: boolean;
  store: StudioStore;
  /** In the language of the reader. */
  findings: readonly StudioFinding[];
  /** Sets one place of the step, such as `["retry", "interval"]`; `undefined` takes it away, with what is empty then. */
  set: (path: Path, value: unknown) => void;
  /** Sets one place of the settings. */
  setting: (path: Path, value: unknown) => void;
  /** Returns what a field needs that edits one place of the settings. */
  field: (path: Path, label: string, hint?: string) => FieldProps;
  /** Returns what a field needs that edits one place of the step itself. */
  stepField: (path: Path, label: string, hint?: string) => FieldProps;
  /** Runs a command that is planned for the present document. */
  attempt: (plan: (document: Definition) => Planned) => boolean;
}

/** Returns the step for its panel; null when the document has none of that id. */
export function useStepEdit(store: StudioStore, id: string): StepEdit | null {
  const step = useStore(store, ({ document }) => stepById(document, id));
  const isReadOnly = useStore(store, (state) => state.isReadOnly);
  const findings = useStore(store, (state) => state.findings);
  const say = useMakerFindingWords();
  return useMemo(
    () =>
      step === null
        ? null
        : stepEdit(
            store,
            step,
            isReadOnly,
            findings.filter((each) => each.step === id).map((each) => ({ ...each, ...say(each, typeOf(step)) })),
          ),
    [store, step, id, isReadOnly, findings, say],
  );
}

function stepEdit(
  store: StudioStore,
  step: StepJson,
  isReadOnly: boolean,
  findings: readonly StudioFinding[],
): StepEdit {
  const { id } = step;
  const settings = settingsOf(step);
  const set = (path: Path, value: unknown): void => {
    const { document, run } = store.getState();
    const current = stepById(document, id);
    if (current === null) return;
    run(changeStep(document, id, value === undefined ? lastFilled(current, path) : path, value));
  };
  const stepField = (path: Path, label: string, hint?: string): FieldProps => {
    const name = pointerOf(path);
    const problem = problemAt(findings, name);
    return {
      label,
      hint,
      problem,
      isReadOnly,
      name: `${id}${name}`,
      value: valueAt(step, path),
      onChange: (value) => set(path, value),
    };
  };
  return {
    id,
    type: typeOf(step),
    step,
    settings,
    isReadOnly,
    store,
    findings,
    set,
    setting: (path, value) => set(["settings", ...path], value),
    stepField,
    field: (path, label, hint) => stepField(["settings", ...path], label, hint),
    attempt: (plan) => store.getState().attempt(plan(store.getState().document)),
  };
}

/** Returns the place to take away: the outermost object that would be empty, but never the settings themselves. */
export function lastFilled(step: JsonObject, path: Path): Path {
  const inner = path.slice(0, -1);
  const holder = valueAt(step, inner);
  const isOnly = isObject(holder) && Object.keys(holder).every((name) => name === String(path.at(-1)));
  const isOuter = inner.length === 0 || (inner.length === 1 && inner[0] === "settings");
  return isOnly && !isOuter && typeof inner.at(-1) === "string" ? lastFilled(step, inner) : path;
}

function problemAt(findings: readonly StudioFinding[], pointer: string): string | undefined {
  const found = findings.filter(({ field }) => field === pointer || field.startsWith(`${pointer}/`));
  return found.length === 0
    ? undefined
    : found.flatMap(({ message, hint }) => [message, hint].filter(Boolean)).join(" ");
}

/** Another step of the same definition. */

import { useStore } from "zustand";
import type { Path } from "../../../editing/document/path";
import { ChoiceField } from "../../../kit/fields/ChoiceField";
import { nameOf, stepsOf, typeOf } from "../../document/definition";
import type { StepEdit } from "./edit";

interface StepFieldProps {
  edit: StepEdit;
  /** Within the settings. */
  path: Path;
  words: readonly [label: string, hint?: string];
  /** Only steps of these types; all others where it is left out. */
  types?: readonly string[];
}

export function StepField({ edit, path, words, types }: StepFieldProps) {
  const document = useStore(edit.store, (state) => state.document);
  const options = stepsOf(document)
    .filter((step) => step.id !== edit.id && (types === undefined || types.includes(typeOf(step))))
    .map((step) => ({ value: step.id, label: nameOf(step) === step.id ? step.id : `${nameOf(step)} (${step.id})` }));
  return <ChoiceField {...edit.field(path, ...words)} isRequired options={options} />;
}

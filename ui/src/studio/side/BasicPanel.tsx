/** The settings of any step as far as every step has them: its name, and all of it as JSON. */

import { Button, Field, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { useStore } from "zustand";
import { isObject } from "../../shared/http";
import { NotJson, parseExact, prettyExact } from "../../shared/exact";
import { useText } from "../../text/language";
import { takeDefinition } from "../document/commands/json-edit";
import { changeStep } from "../document/commands/settings";
import { isStep, rawSteps, stepById, type StepJson } from "../document/definition";
import { refuse } from "../document/refusals";
import type { StudioStore } from "../document/store";
import { TEXTS } from "../text";
import styles from "../screen/Screen.module.css";

export interface PanelProps {
  store: StudioStore;
  stepId: string;
}

export function BasicPanel({ store, stepId }: PanelProps) {
  const text = useText(TEXTS);
  const document = useStore(store, (state) => state.document);
  const isReadOnly = useStore(store, (state) => state.isReadOnly);
  const step = stepById(document, stepId);
  if (step === null) return null;
  const description = typeof step.description === "string" ? step.description : "";
  const describe = (value: string): void =>
    store.getState().run(changeStep(document, stepId, ["description"], value === "" ? undefined : value));
  return (
    <div className={styles.panel}>
      <Field label={text.description}>
        <Textarea value={description} readOnly={isReadOnly} rows={1} onChange={(_, { value }) => describe(value)} />
      </Field>
      <StepText key={stepId} store={store} step={step} />
    </div>
  );
}

function StepText({ store, step }: { store: StudioStore; step: StepJson }) {
  const text = useText(TEXTS);
  const [typed, setTyped] = useState<string | null>(null);
  const take = (): void => {
    const { document, attempt, refuse: say } = store.getState();
    const value = typed === null ? null : stepOf(typed);
    if (value === null || value.id !== step.id) {
      say(refuse(value === null ? "not-object" : "bad-id", step.id));
      return;
    }
    const steps = rawSteps(document).map((each) => (isStep(each) && each.id === step.id ? value : each));
    if (attempt(takeDefinition(document, { ...document, workflow_steps: steps }, "editJson"))) setTyped(null);
  };
  return (
    <>
      <Field label={text.sideJson}>
        <Textarea
          className={styles.stepJson}
          value={typed ?? prettyExact(step)}
          readOnly={store.getState().isReadOnly}
          rows={16}
          resize="vertical"
          onChange={(_, { value }) => setTyped(value)}
        />
      </Field>
      {typed !== null && (
        <div className={styles.buttons}>
          <Button size="small" onClick={() => setTyped(null)}>
            {text.jsonDrop}
          </Button>
          <Button size="small" onClick={take}>
            {text.jsonApply}
          </Button>
        </div>
      )}
    </>
  );
}

function stepOf(text: string): StepJson | null {
  try {
    const value = parseExact(text);
    return isObject(value) && isStep(value) ? value : null;
  } catch (error) {
    if (error instanceof NotJson) return null;
    throw error;
  }
}

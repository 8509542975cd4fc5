/** Tries one step on the sample: what it would send, which exit it takes, what it gives. A real call is asked for first. */

import { Button, Checkbox } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { useApi } from "../../../api/context";
import type { StepTry } from "../../../api/queries/studio/steps";
import type { StepTypeName } from "../../../api/step-types";
import { stepTypeOf } from "../../../graph/step-types";
import { Confirm } from "../../../kit/Confirm";
import { Icon } from "../../../kit/icons";
import { Note } from "../../../kit/Note";
import { Problem } from "../../../kit/states/Problem";
import { useMay } from "../../../session/session";
import { useText } from "../../../text/language";
import { SHARED } from "../../../text/shared";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { useSampleData } from "../samples/use-sample";
import { PANEL_TEXTS } from "../text";
import { askedTry } from "./asked";
import { TryResult } from "./TryResult";

interface Asked {
  send: boolean;
  i_know: boolean;
}

/** Calls that a try makes without being asked, as code in the sandbox, or never makes, as that of a card to people. */
const WITHOUT_SENDING: ReadonlySet<string> = new Set<StepTypeName>(["function", "adaptiveCard"]);

interface TryStepProps {
  edit: StepEdit;
  /** Whether it makes the tries that are asked for from outside of the panel. One of those on the screen does. */
  takesAsked?: boolean;
}

export function TryStep({ edit, takesAsked = false }: TryStepProps) {
  const { tries: text } = useText(PANEL_TEXTS);
  const shared = useText(SHARED);
  const mayCall = useMay("test.call");
  const [isAsked, setIsAsked] = useState(false);
  const { isReading, ...stepTry } = useStepTry(edit);
  useAskedTry(edit, takesAsked && !isReading, () => stepTry.mutate({ send: false, i_know: false }));
  const isBusy = isReading || stepTry.isPending;
  const isCall = stepTypeOf(edit.type).isCall && !WITHOUT_SENDING.has(edit.type);
  return (
    <section className={styles.box} aria-label={text.title}>
      <div className={styles.row}>
        <Button
          icon={<Icon name="play" size={14} />}
          disabled={isBusy}
          onClick={() => stepTry.mutate({ send: false, i_know: false })}
        >
          {isCall ? text.show : text.run}
        </Button>
        {isCall && (
          <Button
            disabled={isBusy || !mayCall}
            {...(!mayCall && { title: shared.needsPermission("test.call") })}
            onClick={() => setIsAsked(true)}
          >
            {text.send}
          </Button>
        )}
      </div>
      {isCall && !mayCall && <p className={styles.hint}>{shared.needsPermission("test.call")}</p>}
      {isAsked && (
        <RealCall
          last={stepTry.data}
          onSend={(i_know) => {
            setIsAsked(false);
            stepTry.mutate({ send: true, i_know });
          }}
          onClose={() => setIsAsked(false)}
        />
      )}
      {stepTry.isPending && <Note tone="info">{text.running}</Note>}
      {stepTry.error !== null && <Problem error={stepTry.error} words={text.codes} shape="bar" />}
      {stepTry.data !== undefined && !stepTry.isPending && <TryResult edit={edit} tried={stepTry.data} />}
    </section>
  );
}

/** Tries the step once when that was asked for from outside of its panel, as soon as it can be. */
function useAskedTry({ store, id }: StepEdit, canTry: boolean, onTry: () => void): void {
  const asked = askedTry(store);
  const isAsked = useStore(asked, ({ step }) => step === id);
  const latest = useRef(onTry);
  latest.current = onTry;
  useEffect(() => {
    if (!isAsked || !canTry || asked.getState().step !== id) return;
    asked.setState({ step: null });
    latest.current();
  }, [asked, id, isAsked, canTry]);
}

/** Returns the try of a step, on the sample that is chosen, with the definition as it is when it is tried. While that
 * sample is read it would be a try without it. */
function useStepTry(edit: StepEdit) {
  const api = useApi();
  const { document: data, isReading } = useSampleData(edit.store);
  const stepTry = useMutation({
    mutationFn: async ({ send, i_know }: Asked) => {
      const { document, workflowId } = edit.store.getState();
      const sample = data === null ? {} : { data };
      const step = { definition: document as Record<string, unknown>, workflow_id: workflowId, step_id: edit.id };
      return (await api.call("testStep", { ...step, ...sample, send, i_know })).item;
    },
  });
  return { ...stepTry, isReading };
}

interface RealCallProps {
  /** What is known of the call from a try before. */
  last: StepTry | undefined;
  onSend: (knows: boolean) => void;
  onClose: () => void;
}

function RealCall({ last, onSend, onClose }: RealCallProps) {
  const { tries: text } = useText(PANEL_TEXTS);
  const [knows, setKnows] = useState(false);
  const isOnce = last?.repeat !== "always";
  return (
    <Confirm title={text.askTitle} verb={text.send} isDangerous onConfirm={() => onSend(knows)} onClose={onClose}>
      <p>{text.askText}</p>
      {isOnce && (
        <Checkbox label={text.iKnow} checked={knows} onChange={(_, { checked }) => setKnows(checked === true)} />
      )}
    </Confirm>
  );
}

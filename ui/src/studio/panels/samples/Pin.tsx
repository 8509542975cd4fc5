/** The output of a step that is kept for samples: later steps read it, in samples and when steps are tried. */

import { Button } from "@fluentui/react-components";
import { useState } from "react";
import { PlainJson } from "../../../kit/fields/PlainJson";
import { Icon } from "../../../kit/icons";
import { JsonTree } from "../../../kit/JsonTree";
import { Problem } from "../../../kit/states/Problem";
import { useText } from "../../../text/language";
import { useTimes } from "../../../text/time";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import { outputOf } from "./sample-document";
import { useSampleChoice, useSampleData } from "./use-sample";
import { useSamples } from "./use-samples";

export function Pin({ edit }: { edit: StepEdit }) {
  const { pins: text } = useText(PANEL_TEXTS);
  const { formats, now } = useTimes();
  const acts = useSamples(edit.store.getState().workflowId);
  const pinned = acts.samples?.outputs[edit.id];
  return (
    <section className={styles.box} aria-label={text.title}>
      <h3 className={styles.title}>
        <Icon name="pin" size={14} /> {text.title}
      </h3>
      {pinned === undefined ? (
        <p className={styles.hint}>{text.none}</p>
      ) : (
        <>
          <p className={styles.hint}>{text.since(formats.distance(pinned.pinned_on ?? now, now))}</p>
          <JsonTree label={text.title} value={pinned.output} />
        </>
      )}
      {!edit.isReadOnly && <Acts edit={edit} acts={acts} isPinned={pinned !== undefined} />}
      {acts.error != null && <Problem error={acts.error} shape="bar" />}
    </section>
  );
}

interface ActsProps {
  edit: StepEdit;
  acts: ReturnType<typeof useSamples>;
  isPinned: boolean;
}

function Acts({ edit, acts, isPinned }: ActsProps) {
  const { pins: text } = useText(PANEL_TEXTS);
  const [choice] = useSampleChoice(edit.store);
  const { document } = useSampleData(edit.store);
  const [isTyping, setIsTyping] = useState(false);
  const [typed, setTyped] = useState<unknown>(undefined);
  const output = outputOf(document, edit.id);
  const from = choice?.kind === "execution" ? choice.id : "";
  const pin = (value: unknown): void => {
    setIsTyping(false);
    acts.pin(edit.id, { output: value, exit: "next", from_execution: from, pinned_on: 0 });
  };
  return (
    <>
      <div className={styles.row}>
        {!isPinned && output !== undefined && (
          <Button size="small" disabled={acts.isSaving} onClick={() => pin(output)}>
            {text.pinSample}
          </Button>
        )}
        <Button size="small" aria-expanded={isTyping} onClick={() => setIsTyping(!isTyping)}>
          {text.type}
        </Button>
        {isPinned && (
          <Button size="small" disabled={acts.isSaving} onClick={() => acts.unpin(edit.id)}>
            {text.unpin}
          </Button>
        )}
      </div>
      {isTyping && (
        <>
          <PlainJson label={text.output} name={`${edit.id}/pin`} value={typed} onChange={setTyped} />
          <div>
            <Button size="small" appearance="primary" disabled={typed === undefined} onClick={() => pin(typed)}>
              {text.pin}
            </Button>
          </div>
        </>
      )}
    </>
  );
}

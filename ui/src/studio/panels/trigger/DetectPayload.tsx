/** Learns the payload from a test call: listens until one arrives, and says what its schema would change. */

import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useApi } from "../../../api/context";
import { detectedQuery } from "../../../api/queries/studio/steps";
import { CopyButton } from "../../../kit/CopyButton";
import { Note } from "../../../kit/Note";
import { Problem } from "../../../kit/states/Problem";
import { testUrl } from "../../../kit/trigger/snippets";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { AddSample } from "../samples/AddSample";
import { schemaOf } from "../samples/schema-of";
import { PANEL_TEXTS } from "../text";
import { Detected, type DetectedPayload } from "./Detected";

/** Listening ends by itself. */
const LONGEST_MS = 10 * 60_000;

export function DetectPayload({ edit }: { edit: StepEdit }) {
  const { detect: text } = useText(PANEL_TEXTS);
  const [isListening, setIsListening] = useState(false);
  const [found, setFound] = useState<DetectedPayload | null>(null);
  const take = (payload: DetectedPayload): void => {
    setIsListening(false);
    setFound(payload);
  };
  return (
    <section className={styles.box} aria-label={text.title}>
      <h3 className={styles.title}>{text.title}</h3>
      <p className={styles.hint}>{text.howTo}</p>
      {isListening ? (
        <Listening edit={edit} onFound={take} onEnd={() => setIsListening(false)} />
      ) : (
        <div>
          <Button disabled={edit.isReadOnly} onClick={() => setIsListening(true)}>
            {text.listen}
          </Button>
        </div>
      )}
      {!edit.isReadOnly && (
        <AddSample store={edit.store} onAdded={({ body }) => take({ payload: body, schema: schemaOf(body) })} />
      )}
      {found !== null && <Detected edit={edit} found={found} onDone={() => setFound(null)} />}
    </section>
  );
}

/** What the version had when it was listened for the first time. */
interface Seen {
  text: string;
  changedOn: number;
  document: unknown;
}

/** Whether a test call has arrived. The time alone says it only where the Studio itself has saved nothing. */
function isAnother(first: Seen, now: Seen): boolean {
  if (now.text !== first.text) return true;
  return now.changedOn !== first.changedOn && now.document === first.document;
}

interface ListeningProps {
  edit: StepEdit;
  onFound: (payload: DetectedPayload) => void;
  onEnd: () => void;
}

function Listening({ edit, onFound, onEnd }: ListeningProps) {
  const { detect: text } = useText(PANEL_TEXTS);
  const { workflowId, version } = edit.store.getState();
  const { data, error } = useQuery({ ...detectedQuery(useApi(), workflowId, version, true), gcTime: 0 });
  const first = useRef<Seen | null>(null);
  useEffect(() => {
    const timer = setTimeout(onEnd, LONGEST_MS);
    return () => clearTimeout(timer);
  }, [onEnd]);
  useEffect(() => {
    if (data === undefined) return;
    const { document } = edit.store.getState();
    const payload = data.workflow_mock_payload;
    const seen: Seen = { text: JSON.stringify(payload), changedOn: data.modified_on, document };
    if (first.current === null) first.current = seen;
    else if (isAnother(first.current, seen)) {
      // A schema that was written is what the server answers; the payload is what differs from it.
      const isWritten = document.workflow_schema !== undefined || edit.settings.schema !== undefined;
      onFound({ payload, schema: isWritten ? schemaOf(payload) : data.workflow_schema });
    }
  }, [data, edit, onFound]);
  const url = testUrl(window.location.origin, workflowId, version);
  return (
    <>
      <Note tone="info">{text.waiting}</Note>
      <div className={styles.item}>
        <code className={styles.code}>{url}</code>
        <CopyButton value={url} label={text.copyAddress} />
      </div>
      {error !== null && <Problem error={error} shape="bar" />}
      <div>
        <Button onClick={onEnd}>{text.stop}</Button>
      </div>
    </>
  );
}

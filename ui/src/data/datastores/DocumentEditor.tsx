import { Button } from "@fluentui/react-components";
import { useState } from "react";
import type { Datastore } from "../../api/queries/data/data";
import { JsonField } from "../../kit/json/JsonField";
import { readJson, writeJson } from "../../kit/json/json-text";
import { SideBySide } from "../../kit/json/SideBySide";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { ChangedByAnother } from "../ChangedByAnother";
import styles from "../data.module.css";
import { TEXTS } from "../text";
import { useSave } from "../use-save";

/** Changes the document of a datastore as text. What another stores in between is neither lost nor overwritten. */
export function DocumentEditor({ stored, onClose }: { stored: Datastore; onClose: () => void }) {
  const { datastores: text, codes } = useText(TEXTS);
  const shared = useText(SHARED);
  const [before] = useState(() => writeJson(stored.value));
  const [document, setDocument] = useState(before);
  const [isCompared, setIsCompared] = useState(false);
  const { save, isBusy, error, theirs, accept } = useSave(stored, onClose);
  const submit = (): void => {
    const read = readJson(document);
    if (read.fault === null) save(read.value);
  };
  return (
    <>
      <JsonField label={text.document} value={document} onChange={setDocument} rows={18} />
      {isCompared && (
        <SideBySide label={text.differences} before={before} after={document} names={text.storedAndMine} />
      )}
      {theirs !== null && <ChangedByAnother theirs={theirs} mine={document} onAccept={accept} />}
      {error !== null && error !== undefined && <Problem error={error} words={codes} shape="bar" />}
      <div className={styles.buttons}>
        <Button appearance="primary" disabled={isBusy || theirs !== null || document === before} onClick={submit}>
          {shared.save}
        </Button>
        <Button onClick={() => setIsCompared(!isCompared)} aria-expanded={isCompared}>
          {text.compare}
        </Button>
        <Button onClick={onClose}>{shared.cancel}</Button>
      </div>
    </>
  );
}

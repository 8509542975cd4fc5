import { Button, Field, Input } from "@fluentui/react-components";
import { useDeferredValue, useMemo, useState } from "react";
import type { Profile } from "../../api/queries/workflows/workflows";
import { Confirm } from "../../kit/Confirm";
import { JsonField } from "../../kit/json/JsonField";
import { readJson, writeJson } from "../../kit/json/json-text";
import { SideBySide } from "../../kit/json/SideBySide";
import { Note } from "../../kit/Note";
import { isObject, type JsonObject } from "../../shared/http";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { TEXTS } from "../text";
import { awkwardNames, secretsIn } from "./checks";
import { useSaveProfile } from "./use-save-profile";

interface ProfileDialogProps {
  workflowId: string;
  title: string;
  name: string;
  values: JsonObject;
  /** The profile that is changed; without one a new one is created. */
  stored?: Profile;
  onClose: () => void;
}

/** Creates or changes a profile. What another has stored in between is shown, and replaced only on request. */
export function ProfileDialog({ workflowId, title, name: first, values, stored, onClose }: ProfileDialogProps) {
  const { profiles: text, codes } = useText(TEXTS);
  const shared = useText(SHARED);
  const [name, setName] = useState(first);
  const [typed, setTyped] = useState(() => writeJson(values));
  const { save, isBusy, error, theirs, accept } = useSaveProfile(workflowId, stored ?? null, onClose);
  const submit = (): void => {
    const read = readJson(typed);
    if (read.fault === null && isObject(read.value)) save(name.trim(), read.value);
  };
  return (
    <Confirm
      title={title}
      verb={stored === undefined ? text.createVerb : shared.save}
      isBusy={isBusy || name.trim() === "" || theirs !== null}
      error={error}
      words={codes}
      onConfirm={submit}
      onClose={onClose}
    >
      <Field label={text.name} required>
        <Input value={name} maxLength={128} onChange={(_, { value }) => setName(value)} />
      </Field>
      <JsonField
        label={text.values}
        hint={text.valuesHint}
        value={typed}
        rows={12}
        onChange={setTyped}
        check={(value) => (isObject(value) ? null : text.noObject)}
      />
      <Warnings typed={typed} />
      {theirs !== null && (
        <>
          <Note tone="warning">
            <p>{text.changed(theirs.modified_by_name ?? "")}</p>
            <Button size="small" onClick={accept}>
              {text.overwrite}
            </Button>
          </Note>
          <SideBySide label={text.differences} before={writeJson(theirs.values)} after={typed} names={text.sides} />
        </>
      )}
    </Confirm>
  );
}

function Warnings({ typed }: { typed: string }) {
  const { profiles: text } = useText(TEXTS);
  const later = useDeferredValue(typed);
  const { secrets, awkward } = useMemo(() => {
    const read = readJson(later);
    const values = read.fault === null ? read.value : null;
    return { secrets: secretsIn(values), awkward: awkwardNames(values) };
  }, [later]);
  return (
    <>
      {secrets.length > 0 && <Note tone="warning">{text.secrets(secrets.join(", "))}</Note>}
      {awkward[0] !== undefined && <Note tone="info">{text.awkward(awkward[0])}</Note>}
    </>
  );
}

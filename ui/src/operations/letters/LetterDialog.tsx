/** One dead letter: what came, why it fits nowhere, and what is done with it. */

import { Field, Input, Radio, RadioGroup, Select } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { letterQuery, OPERATIONS, waitsQuery } from "../../api/queries/operations";
import type { AnswerOf, InputOf } from "../../api/types";
import { Answer } from "../../kit/Answer";
import { Confirm } from "../../kit/Confirm";
import { JsonTree } from "../../kit/JsonTree";
import { Note } from "../../kit/Note";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./Letters.module.css";

type LetterItem = AnswerOf<"getLetter">["item"];

export function LetterDialog({ letterId, onClose }: { letterId: string; onClose: () => void }) {
  const { letters: text, codes } = useText(TEXTS);
  const { close } = useText(SHARED);
  const query = useQuery(letterQuery(useApi(), letterId));
  const { data } = query;
  const mayRepair = useMay("repair");
  if (data !== undefined && data.item.action === null && mayRepair) {
    return <Settle letter={data.item} onClose={onClose} />;
  }
  return (
    <Confirm title={text.title} verb={close} onConfirm={onClose} onClose={onClose}>
      <Answer query={query} words={codes}>
        {({ item }) => <Content letter={item} />}
      </Answer>
    </Confirm>
  );
}

function Settle({ letter, onClose }: { letter: LetterItem; onClose: () => void }) {
  const { letters: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const [action, setAction] = useState<"apply" | "discard">("apply");
  const [token, setToken] = useState("");
  const [reason, setReason] = useState("");
  const waits = useQuery(waitsQuery(api, letter)).data ?? [];
  const chosen = token === "" && waits.length === 1 ? (waits[0]?.wait_token ?? "") : token;
  const canApply = waits.length > 0;
  const done = action === "apply" && !canApply ? "discard" : action;
  const settle = useMutation({
    mutationFn: () => {
      const body: InputOf<"settleLetter"> = { letter_id: letter.letter_id, action: done, reason: reason.trim() };
      return api.call("settleLetter", done === "apply" ? { ...body, wait_token: chosen } : body);
    },
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: OPERATIONS }),
  });
  return (
    <Confirm
      title={text.title}
      verb={text.verbs[done]}
      isDangerous={done === "discard"}
      isBusy={settle.isPending || (done === "apply" && chosen === "")}
      error={settle.error}
      words={codes}
      onConfirm={() => settle.mutate()}
      onClose={onClose}
    >
      <Content letter={letter} />
      <Field label={text.what}>
        <RadioGroup value={done} onChange={(_, { value }) => setAction(value as typeof action)}>
          <Radio value="apply" label={canApply ? text.apply : text.noWait} disabled={!canApply} />
          <Radio value="discard" label={text.discard} />
        </RadioGroup>
      </Field>
      {done === "apply" && waits.length > 1 && (
        <Field label={text.wait}>
          <Select value={token} onChange={(_, { value }) => setToken(value)}>
            <option value="">{text.choose}</option>
            {waits.map(({ wait_token, state }) => (
              <option key={wait_token} value={wait_token}>
                {state}
              </option>
            ))}
          </Select>
        </Field>
      )}
      <Field label={text.why}>
        <Input value={reason} maxLength={2000} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Confirm>
  );
}

function Content({ letter }: { letter: LetterItem }) {
  const { letters: text } = useText(TEXTS);
  const { formats } = useTimes();
  const { process_id, source, kept_on, reason, why, payload, action, settled_by, settled_by_name, settled_on } = letter;
  return (
    <>
      <p>{text.about(process_id, source, formats.instant(kept_on))}</p>
      <Note tone="warning">
        {text.reasons[reason]}
        {why !== "" && <>: {why}</>}
      </Note>
      {action !== null && settled_on !== null && (
        <Note tone="info">
          {text.settledBy(text.settled[action], settled_by_name ?? settled_by ?? "", formats.instant(settled_on))}
        </Note>
      )}
      <div className={styles.payload}>
        <JsonTree label={text.payload} value={payload} />
      </div>
    </>
  );
}

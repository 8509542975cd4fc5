/** One dead letter: what came, why it fits nowhere, and what is done with it. */

import { Field, Input, Radio, RadioGroup, Select } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { letterQuery, OPERATIONS } from "../../api/queries/operations/operations";
import type { AnswerOf, InputOf } from "../../api/types";
import { Answer } from "../../kit/Answer";
import { Chip } from "../../kit/Chip";
import { Confirm } from "../../kit/Confirm";
import { JsonTree } from "../../kit/JsonTree";
import { Note } from "../../kit/Note";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./Letters.module.css";

type LetterAnswer = AnswerOf<"getLetter">;
type LetterItem = LetterAnswer["item"];
type LetterWait = LetterAnswer["waits"][number];

export function LetterDialog({ letterId, onClose }: { letterId: string; onClose: () => void }) {
  const { letters: text, codes } = useText(TEXTS);
  const { close } = useText(SHARED);
  const query = useQuery(letterQuery(useApi(), letterId));
  const { data } = query;
  const mayRepair = useMay("repair");
  if (data !== undefined && data.item.action === null && mayRepair) {
    return <Settle letter={data.item} waits={data.waits} onClose={onClose} />;
  }
  return (
    <Confirm title={text.title} verb={close} onConfirm={onClose} onClose={onClose}>
      <Answer query={query} words={codes}>
        {({ item, waits }) => (
          <>
            <Content letter={item} />
            {item.action === null && <Places waits={waits} />}
          </>
        )}
      </Answer>
    </Confirm>
  );
}

interface SettleProps {
  letter: LetterItem;
  waits: readonly LetterWait[];
  onClose: () => void;
}

function Settle({ letter, waits, onClose }: SettleProps) {
  const { letters: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const [action, setAction] = useState<"apply" | "discard">("apply");
  const [token, setToken] = useState("");
  const [reason, setReason] = useState("");
  const fitting = waits.filter(({ is_fit }) => is_fit);
  const chosen = token === "" && fitting.length === 1 ? (fitting[0]?.wait_token ?? "") : token;
  const canApply = fitting.length > 0;
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
      <Places waits={waits} />
      <Field label={text.what}>
        <RadioGroup value={done} onChange={(_, { value }) => setAction(value === "apply" ? "apply" : "discard")}>
          <Radio value="apply" label={canApply ? text.apply : text.noWait(waits.length)} disabled={!canApply} />
          <Radio value="discard" label={text.discard} />
        </RadioGroup>
      </Field>
      {done === "apply" && fitting.length > 1 && (
        <Field label={text.wait}>
          <Select value={token} onChange={(_, { value }) => setToken(value)}>
            <option value="">{text.choose}</option>
            {fitting.map(({ wait_token, state }) => (
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

/** Where the letter could be delivered now, and why not elsewhere. */
function Places({ waits }: { waits: readonly LetterWait[] }) {
  const { letters: text } = useText(TEXTS);
  if (waits.length === 0) return <p>{text.noPlace}</p>;
  return (
    <section className={styles.places}>
      <h3>{text.places}</h3>
      <ul aria-label={text.places}>
        {waits.map(({ state, visit, wait_token, is_fit, why, errors }) => (
          <li key={wait_token}>
            <Chip tone={is_fit ? "done" : "failed"}>{is_fit ? text.fits : text.doesNotFit}</Chip> {state}
            {visit > 1 && ` (${visit})`}
            {why !== null && errors.length === 0 && <small>{why}</small>}
            {errors.map(({ path, message }) => (
              <small key={`${path} ${message}`}>
                {path !== "" && <code>{path}</code>} {message}
              </small>
            ))}
          </li>
        ))}
      </ul>
    </section>
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

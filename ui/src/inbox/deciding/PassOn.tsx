import { Field, Textarea } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { Confirm } from "../../kit/Confirm";
import { Note } from "../../kit/Note";
import { PersonField } from "../../session/people/PersonField";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

interface PassOnProps {
  cardId: string;
  requester: string | null;
  onPassedOn: (person: string) => void;
  onClose: () => void;
}

/** Passes a request on to another person, who decides instead. */
export function PassOn({ cardId, requester, onPassedOn, onClose }: PassOnProps) {
  const { pass: text, codes } = useText(TEXTS);
  const api = useApi();
  const [to, setTo] = useState("");
  const [reason, setReason] = useState("");
  const pass = useMutation({
    mutationFn: () => api.call("delegateCard", { card_id: cardId, to: to.trim(), reason: reason.trim() }),
    onSuccess: ({ recipient }) => onPassedOn(recipient),
  });
  const isRequester = requester !== null && requester.toLowerCase() === to.trim().toLowerCase();
  return (
    <Confirm
      title={text.title}
      verb={text.verb}
      isBusy={pass.isPending || to.trim() === ""}
      error={pass.error}
      words={codes}
      onConfirm={() => pass.mutate()}
      onClose={onClose}
    >
      <PersonField label={text.to} hint={text.toHint} value={to} onChange={setTo} />
      {isRequester && <Note tone="warning">{text.isRequester}</Note>}
      <Field label={text.reason} hint={text.reasonHint}>
        <Textarea rows={2} value={reason} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Confirm>
  );
}

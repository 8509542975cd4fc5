import { Field, Textarea } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { OPERATIONS, type OpenCard } from "../../api/queries/operations/operations";
import { Confirm } from "../../kit/Confirm";
import { PersonField } from "../../session/people/PersonField";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

/** Gives an open card to another person: the old copy closes and names the new one. */
export function ReassignDialog({ card, onClose }: { card: OpenCard; onClose: () => void }) {
  const { cards: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const [to, setTo] = useState("");
  const [reason, setReason] = useState("");
  const reassign = useMutation({
    mutationFn: () => api.call("reassignCard", { card_id: card.card_id, to: to.trim(), reason: reason.trim() }),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: OPERATIONS }),
  });
  return (
    <Confirm
      title={text.reassignTitle(card.process_id)}
      verb={text.reassign}
      isBusy={reassign.isPending || to.trim() === ""}
      error={reassign.error}
      words={codes}
      onConfirm={() => reassign.mutate()}
      onClose={onClose}
    >
      <p>{text.reassignHint(card.recipient)}</p>
      <PersonField label={text.to} value={to} onChange={setTo} />
      <Field label={text.reason}>
        <Textarea rows={2} maxLength={2000} value={reason} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Confirm>
  );
}

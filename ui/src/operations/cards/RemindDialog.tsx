import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { OPERATIONS, type OpenCard } from "../../api/queries/operations/operations";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

/** Reminds the recipient of an open card, by the channel of the card. */
export function RemindDialog({ card, onClose }: { card: OpenCard; onClose: () => void }) {
  const { cards: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const remind = useMutation({
    mutationFn: () => api.call("remindCard", { card_id: card.card_id }),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: OPERATIONS }),
  });
  return (
    <Confirm
      title={text.remindOf(card.process_id, card.recipient)}
      verb={text.remind}
      isBusy={remind.isPending}
      error={remind.error}
      words={codes}
      onConfirm={() => remind.mutate()}
      onClose={onClose}
    >
      <p>{text.remindHint(card.recipient, card.channel)}</p>
    </Confirm>
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { CARDS } from "../../api/queries/cards/cards";
import type { CardOverview } from "../../api/queries/cards/list";
import { Confirm } from "../../kit/Confirm";
import { UsedBy } from "../../kit/uses/UsedBy";
import { useConfirmed } from "../../session/confirmed";
import { useText } from "../../text/language";
import { TEXTS } from "./text";

/** Deletes a card with all of its versions. Requests that were sent keep their card. */
export function DeleteDialog({ card, onClose }: { card: CardOverview; onClose: () => void }) {
  const text = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const confirmed = useConfirmed();
  const remove = useMutation({
    mutationFn: () => confirmed(() => api.call("deleteCard", { card_id: card.card_id })),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: CARDS }),
  });
  return (
    <Confirm
      title={text.deleteOf(card.card_name)}
      verb={text.delete}
      isDangerous
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{text.deleteHint}</p>
      <UsedBy kind="card" name={card.card_id} isQuiet />
    </Confirm>
  );
}

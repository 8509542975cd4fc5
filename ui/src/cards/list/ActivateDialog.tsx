import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { CARDS } from "../../api/queries/cards/cards";
import type { CardOverview } from "../../api/queries/cards/list";
import { Confirm } from "../../kit/Confirm";
import { UsedBy } from "../../kit/uses/UsedBy";
import { useText } from "../../text/language";
import { TEXTS } from "./text";

/** Activates the draft of a card, with those who use it beside the question. */
export function ActivateDialog({ card, onClose }: { card: CardOverview; onClose: () => void }) {
  const text = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const version = card.draft?.version ?? card.newest_version;
  const activate = useMutation({
    mutationFn: () => api.call("activateCard", { card_id: card.card_id, card_version: version }),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: CARDS }),
  });
  return (
    <Confirm
      title={text.activateOf(card.card_name, version)}
      verb={text.activate(version)}
      isBusy={activate.isPending}
      error={activate.error}
      onConfirm={() => activate.mutate()}
      onClose={onClose}
    >
      <p>{text.activateHint}</p>
      <UsedBy kind="card" name={card.card_id} isQuiet />
    </Confirm>
  );
}

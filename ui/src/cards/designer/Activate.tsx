/** Before a version is activated: what is wrong in it, and what it means. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { CARDS } from "../../api/queries/cards/cards";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import type { Draft } from "../saving/use-draft";
import type { Finding } from "./all-findings";
import { TEXTS } from "./text";

interface ActivateProps {
  draft: Draft;
  findings: readonly Finding[];
  onDone: () => void;
  onClose: () => void;
}

export function Activate({ draft, findings, onDone, onClose }: ActivateProps) {
  const text = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const { card_version: version, card_id: cardId } = draft.now.stored.card;
  const errors = findings.filter(({ level }) => level === "error");
  const activating = useMutation({
    mutationFn: async () => {
      await draft.flush();
      const { save, stored } = draft.status.getState();
      if (save.kind === "failed") throw save.error;
      // Something has to be decided first; it is shown when this dialog is closed.
      if (save.kind !== "saved") return null;
      return api.call("activateCard", { card_id: cardId, card_version: stored.version });
    },
    onSuccess: (answer) => {
      void queries.invalidateQueries({ queryKey: [...CARDS, "versions"] });
      onClose();
      if (answer !== null) onDone();
    },
  });
  const isBlocked = errors.length > 0;
  return (
    <Confirm
      title={text.activateTitle(version)}
      verb={isBlocked ? text.backToCard : text.activate}
      isBusy={activating.isPending}
      error={activating.error}
      words={text.codes}
      onConfirm={() => (isBlocked ? onClose() : activating.mutate())}
      onClose={onClose}
    >
      {isBlocked ? (
        <>
          <p>{text.activateBlocked(errors.length)}</p>
          <ul>
            {errors.slice(0, 10).map(({ pointer, property, text: words }) => (
              <li key={`${pointer} ${property} ${words}`}>{words}</li>
            ))}
          </ul>
        </>
      ) : (
        <p>{text.activateEffect}</p>
      )}
    </Confirm>
  );
}

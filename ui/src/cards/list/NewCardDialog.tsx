import { Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { CARDS, cardQuery } from "../../api/queries/cards/cards";
import type { CardOverview } from "../../api/queries/cards/list";
import { Confirm } from "../../kit/Confirm";
import type { JsonObject } from "../../shared/http";
import { useText } from "../../text/language";
import { TEXTS } from "./text";

interface NewCardDialogProps {
  /** The card whose newest version is copied; null for an empty card. */
  source: CardOverview | null;
  onClose: () => void;
}

/** Creates a card, empty or as a copy, and opens it in the designer. */
export function NewCardDialog({ source, onClose }: NewCardDialogProps) {
  const text = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState(source === null ? "" : text.copyOf(source.card_name));
  const create = useMutation({
    mutationFn: async () => {
      const payload = source === null ? emptyCard(name.trim()) : await payloadOf(source);
      return api.call("createCard", { card_name: name.trim(), card_payload: payload });
    },
    onSuccess: ({ item }) => {
      onClose();
      void queries.invalidateQueries({ queryKey: CARDS });
      const params = { cardId: item.card_id, version: String(item.card_version) };
      void navigate({ to: "/cards/$cardId/v/$version", params });
    },
  });
  const payloadOf = async ({ card_id, newest_version }: CardOverview): Promise<JsonObject> =>
    (await queries.fetchQuery(cardQuery(api, card_id, newest_version))).item.card_payload;
  return (
    <Confirm
      title={source === null ? text.create : text.duplicateOf(source.card_name)}
      verb={text.createVerb}
      isBusy={create.isPending || name.trim() === ""}
      error={create.error}
      onConfirm={() => create.mutate()}
      onClose={onClose}
    >
      <Field label={text.name} required>
        <Input value={name} maxLength={200} onChange={(_, { value }) => setName(value)} />
      </Field>
    </Confirm>
  );
}

/** Returns a card that has its name as a heading, so that its picture shows something. */
function emptyCard(name: string): JsonObject {
  return {
    type: "AdaptiveCard",
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    version: "1.5",
    body: [{ type: "TextBlock", text: name, size: "Large", weight: "Bolder", wrap: true }],
  };
}

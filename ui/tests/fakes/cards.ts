/** One card with two versions, in memory. The server's engine is not there: a card is "expanded" as it is. */

import type { CardVersion } from "../../src/api/queries/cards/cards";
import { type Handlers, refusal } from "./api";
import { NOW, sessionOf } from "./people";

export const MAKER = sessionOf({
  role: "developer",
  permissions: [...sessionOf().permissions, "edit.drafts", "activate"],
});

export function cardVersion(changes: Partial<CardVersion> = {}): CardVersion {
  const version = changes.card_version ?? 2;
  return {
    card_name: "Release an order",
    status_version: `DRAFT-${version}`,
    organization_id: "organization-1",
    latest: "true",
    created_by: "user-1",
    modified_by: "user-1",
    modified_by_name: "The manager",
    status: "DRAFT",
    card_version: 2,
    card_id: "card-1",
    workspace_id: "workspace-1",
    workflow_id: null,
    workflow_version: null,
    created_on: NOW,
    modified_on: NOW,
    card_payload: {
      type: "AdaptiveCard",
      version: "1.5",
      body: [
        { type: "TextBlock", text: "Order ${payload.output.po}", wrap: true },
        { type: "Input.Text", id: "comment", label: "Comment" },
      ],
      actions: [
        { type: "Action.Submit", title: "Approve", style: "positive", data: { action: "approve" } },
        { type: "Action.Submit", title: "Reject", style: "destructive", data: { action: "reject" } },
      ],
    },
    ...changes,
  };
}

export interface CardServer {
  handlers: Handlers;
  /** The version as it is stored. */
  stored: (version: number) => CardVersion | undefined;
  /** Another person saves. */
  put: (card: CardVersion) => void;
}

/** Returns a server with an ACTIVE version 1 and a draft 2, unless it is given others. */
export function cardServer(
  given = [cardVersion(), cardVersion({ card_version: 1, status: "ACTIVE", status_version: "ACTIVE-1" })],
): CardServer {
  const versions = new Map(given.map((card) => [card.card_version, card]));
  const found = (version: number | string): CardVersion => {
    const card = versions.get(Number(version));
    if (card === undefined) throw refusal(404, "CARD_NOT_FOUND", "the card does not exist");
    return card;
  };
  const answer = (item: CardVersion) => ({ message: "success", item });
  const put = (card: CardVersion): void => void versions.set(card.card_version, card);
  return {
    put,
    stored: (version) => versions.get(version),
    handlers: {
      getCardById_v1: ({ card_version }) => answer(found(card_version)),
      getCardVersions: () => {
        const items = [...versions.values()].map((card) => ({
          version: card.card_version,
          name: card.card_name,
          status: card.status,
          by: card.modified_by,
          on: card.modified_on,
          created_on: card.created_on,
          change_count: null,
          note: "",
        }));
        items.sort((one, other) => other.version - one.version);
        return { message: "success", count: items.length, items };
      },
      updateCard: ({ card_version, card_payload, modified_on }) => {
        const card = found(card_version);
        if (card.modified_on !== modified_on) throw refusal(409, "STALE", "it was changed");
        const isNext = card.status === "ACTIVE";
        const next = isNext ? { status: "DRAFT" as const, card_version: Math.max(...versions.keys()) + 1 } : {};
        put({ ...card, ...next, card_payload, modified_on: card.modified_on + 1 });
        return answer(found(next.card_version ?? card_version));
      },
      activateCard: ({ card_version }) => {
        put({ ...found(card_version), status: "ACTIVE" });
        return answer(found(card_version));
      },
      evaluateExpression: ({ card, expression }) => ({
        message: "success",
        value: card ?? expression ?? null,
        type: "object",
        is_present: true,
        error: null,
        fuel: { used: 10, limit: 1_000_000 },
        now: NOW,
      }),
      validateExpression: () => ({ message: "success", errors: [], warnings: [], type: null }),
      completeExpression: () => ({ message: "success", count: 0, items: [] }),
    },
  };
}

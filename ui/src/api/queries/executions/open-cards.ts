/** The cards by which a step of an execution waits for people. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf, InputOf } from "../../types";
import { executionKey } from "./executions";

export type AskedCard = AnswerOf<"getOpenCards">["items"][number];

const PAGE = 30;
/** Pages of one person that are read: those of more open cards are found in the list of open cards. */
const MOST_PAGES = 5;

interface Waiting {
  executionId: string;
  workflowId: string;
  step: string;
  /** When the visit of the step began: its cards are not older. */
  since: number;
  /** Whom its cards were sent to. */
  people: readonly string[];
}

/** The open cards of one visit of a step, of each person that it asked. The API lists them by person, newest first. */
export const askedCardsQuery = (api: Api, waiting: Waiting) =>
  queryOptions({
    queryKey: [...executionKey(waiting.executionId), "cards", waiting],
    queryFn: async ({ signal }) => {
      const found = await Promise.all(waiting.people.map((person) => cardsOf(api, waiting, person, signal)));
      return [...new Map(found.flat().map((card) => [card.card_id, card] as const)).values()];
    },
  });

async function cardsOf(api: Api, waiting: Waiting, recipient: string, signal: AbortSignal): Promise<AskedCard[]> {
  const { executionId, workflowId, step, since } = waiting;
  const cards: AskedCard[] = [];
  let cursor: InputOf<"getOpenCards"> | undefined = {};
  for (let page = 0; page < MOST_PAGES && cursor !== undefined; page += 1) {
    const input: InputOf<"getOpenCards"> = { limit: PAGE, workflow_id: workflowId, recipient, ...cursor };
    const answer: AnswerOf<"getOpenCards"> = await api.call("getOpenCards", input, { signal });
    cards.push(...answer.items.filter((card) => card.workflow_execution_id === executionId && card.state === step));
    cursor = (answer.items.at(-1)?.opened_on ?? 0) < since ? undefined : answer.lastKey;
  }
  return cards;
}

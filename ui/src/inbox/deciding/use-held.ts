/** The decision of the inbox that can be taken back, from its key to what became of it. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useApi } from "../../api/context";
import { INBOX } from "../../api/queries/inbox/inbox";
import type { FrameAction } from "../../frame/messages";
import { addUnsent } from "../../shared/unsent";
import type { Result } from "./bulk";
import type { CardItem } from "./decide";
import { createHold } from "./hold";

/** The largest answer that is held, in bytes: one and the one before it go out together when the page is closed. */
const LARGEST_HELD = 30_000;

export interface Decision {
  cardId: string;
  subject: string;
  item: CardItem;
  action: FrameAction;
}

/** What became of a decision after it was sent. */
export interface Outcome {
  decision: Decision;
  result?: Result | undefined;
  error?: unknown;
}

/** Returns whether a decision is held before it is sent: one of a key, as far as browsers send it from a page that is closed. */
export function isHeld({ data, isKey }: FrameAction): boolean {
  return isKey && new TextEncoder().encode(JSON.stringify(data)).length <= LARGEST_HELD;
}

/** Holds decisions while the component is there; what is held when it leaves is sent at once. */
export function useHeld(onOutcome: (outcome: Outcome) => void) {
  const api = useApi();
  const queries = useQueryClient();
  // Decided and not taken back: the server lists a request until its answer arrived.
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const show = (cardId: string): void => setHidden((ids) => new Set([...ids].filter((id) => id !== cardId)));
  const send = async (decision: Decision): Promise<boolean> => {
    const { cardId, item, action } = decision;
    const answers = [{ card_id: cardId, revision: item.revision, data: action.data }];
    const outcome: Outcome = await api
      .call("answerCards", { answers }, { keepalive: true })
      .then(({ items: [result] }) => ({ decision, result }))
      .catch((error: unknown) => ({ decision, error }));
    const isRecorded = outcome.result?.result === "recorded";
    if (!isRecorded) show(cardId);
    latest.current(outcome);
    void queries.invalidateQueries({ queryKey: INBOX });
    return isRecorded;
  };
  const latest = useRef(onOutcome);
  latest.current = onOutcome;
  const [hold] = useState(() => createHold(send));
  useEffect(() => {
    const flush = (): void => void hold.flush();
    const forget = addUnsent(hold.flush);
    window.addEventListener("pagehide", flush);
    return () => {
      window.removeEventListener("pagehide", flush);
      flush();
      forget();
    };
  }, [hold]);
  const held = useSyncExternalStore(hold.subscribe, hold.held);
  return {
    held,
    hidden,
    hold: (decision: Decision): void => {
      setHidden((ids) => new Set([...ids, decision.cardId]));
      hold.hold(decision);
    },
    /** Returns what was taken back; null when it was sent before. */
    undo: (): Decision | null => {
      const decision = hold.undo();
      if (decision !== null) show(decision.cardId);
      return decision;
    },
  };
}

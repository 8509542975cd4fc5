/** The codes that have a text in every language. */

const CLOSE_REASONS = ["TIMED_OUT", "TERMINATED", "DELETED", "CANCELLED", "ENDED"] as const;

/** Why a card takes no answer any more; `OTHER` for a reason that this page does not know. */
export type CloseReason = (typeof CLOSE_REASONS)[number] | "OTHER";

/** Returns why a card was closed; `OTHER` for a reason of a newer server. */
export function closeReasonOf(value: unknown): CloseReason {
  return CLOSE_REASONS.find((known) => known === value) ?? "OTHER";
}

const DECISIONS = ["approved", "rejected"] as const;

/** What an approval can be decided to be. */
export type Decision = (typeof DECISIONS)[number];

/** Returns the decision of an approval, or null when the text is an action of the card's author. */
export function decisionOf(value: string): Decision | null {
  return DECISIONS.find((known) => known === value) ?? null;
}

/** Why a call to the server had no result. */
export type Tried = "unreachable" | "busy" | "unreadable";

/** By which channels a card may be sent, and what each needs. Pure. */

import { isObject, type JsonObject } from "../../../shared/http";

/** The channel that each installation has. */
export const INBOX = "inbox";
/** More the schema refuses. */
export const MOST_FALLBACKS = 5;

/** The kinds of connections that a channel of this distribution sends by. */
const KINDS: Readonly<Record<string, readonly string[]>> = { teams: ["teams"], email: ["smtp", "graph_mail"] };

/** Returns the kinds of connections that may send by a channel; none for the inbox, null where it is not known. */
export function kindsOf(channel: unknown): readonly string[] | null {
  if (channel === undefined || channel === INBOX) return [];
  return typeof channel === "string" ? (KINDS[channel] ?? null) : null;
}

/** Returns the channel of the step and those of its fallbacks before one; each sends a card once. */
export function channelsBefore({ channel = INBOX, fallback }: JsonObject, at: number): readonly unknown[] {
  const others = Array.isArray(fallback) ? fallback.slice(0, at) : [];
  return [channel, ...others.map((each) => (isObject(each) ? each.channel : undefined))];
}

/** Returns whether the cards of a step are sent by another channel than the inbox. */
export function isElsewhere({ channel = INBOX, fallback }: JsonObject): boolean {
  return channel !== INBOX || fallback !== undefined;
}

/** The part of the address that says what the inbox shows: a card, and the filter of the list. */

import { getRouteApi } from "@tanstack/react-router";

const route = getRouteApi("/shell/inbox");

export interface InboxSearch {
  card?: string;
  show?: string;
}

/** Returns the filter and the card of the address. */
export function useInboxSearch(): InboxSearch {
  return route.useSearch();
}

/** Returns the address with another card, or with none; the filter stays. */
export function withCard({ show }: InboxSearch, card: string | undefined): InboxSearch {
  return { ...(card !== undefined && { card }), ...(show !== undefined && { show }) };
}

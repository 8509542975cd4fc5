/** What the address of the list of cards says. */
export interface CardsSearch {
  term?: string;
  draft?: boolean;
}

/** Returns what is known of the search parameters; all others are dropped. */
export function cardsSearch({ term, draft }: Record<string, unknown>): CardsSearch {
  const text = typeof term === "string" ? term.trim() : typeof term === "number" ? String(term) : "";
  return { ...(text !== "" && { term: text }), ...(draft === true && { draft }) };
}

/** The parts of a panel, in their order. */
export const TABS = ["settings", "data", "retry", "notes", "json"] as const;
export type TabName = (typeof TABS)[number];

export const BUTTON_STYLES = ["default", "positive", "destructive"] as const;
/** How a button of a card looks: `positive` is what is usually chosen, `destructive` refuses or removes. */
export type ButtonStyle = (typeof BUTTON_STYLES)[number];

/** Returns the style of a button; an unknown one is the default. */
export function styleOf(value: unknown): ButtonStyle {
  return BUTTON_STYLES.find((known) => known === value) ?? "default";
}

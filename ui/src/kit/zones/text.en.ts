export const english = {
  zone: "Time zone",
  hint: "Such as Europe/Berlin.",
  hintWith: (fallback: string) => `Such as Europe/Berlin; empty: ${fallback}.`,
  unknown: "There is no such time zone",
};

export type ZoneText = typeof english;

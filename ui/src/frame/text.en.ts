export const english = {
  locale: "en",
  moreActions: "More options",
  imageSign: "Image (not loaded):",
  unnamedImage: "without a description",
  card: (subject: string) => `Card: ${subject}`,
  tooLarge: "This card is too large to be shown. Open it by the link of the original message.",
  unshown: "This card cannot be shown. It is no Adaptive Card, or it has too many parts.",
  openTitle: (host: string) => `Open ${host}?`,
  openHint: "The card has a link that leaves Looply. Open it only if you know this address:",
  open: "Open the link",
};

export type FrameText = typeof english;

export const english = {
  locale: "en",
  mail: (subject: string) => `Mail: ${subject}`,
  image: "image, not loaded",
  tooLarge: "This mail is too large to be shown here.",
};

export type MailText = typeof english;

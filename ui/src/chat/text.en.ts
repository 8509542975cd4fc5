export interface Text {
  locale: string;
  title: string;
  /** What the page is, for one who has come to it by chance. */
  about: string;
  people: string;
  block: string;
  empty: string;
  refresh: string;
  mailbox: string;
  unreachable: string;
  refused: string;
}

export const english: Text = {
  locale: "en",
  title: "Chat with Looply",
  about:
    "A client of the demo that shows cards as Teams does. It is not Microsoft Teams, and nothing leaves this machine.",
  people: "People",
  block: "Block the bot",
  empty: "No cards yet.",
  refresh: "Refresh the card",
  mailbox: "Mailbox",
  unreachable: "The demo does not answer. Does it still run?",
  refused: "This did not work.",
};

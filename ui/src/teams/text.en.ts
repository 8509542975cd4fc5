export const english = {
  title: "My approvals",
  outside: "This page belongs in Microsoft Teams",
  outsideHint: "Open the tab in Teams, or your requests in the browser.",
  openBrowser: "Open in the browser",
  details: "For the administrator:",
  codes: {
    NO_TEAMS_TOKEN:
      "Teams does not say who you are. Open the tab again; if it stays so, an administrator must consent to the app.",
    TEAMS_TOKEN:
      "The server does not accept the sign-in of Teams. Ask the administrator of the app to check its set-up.",
    NOT_A_MEMBER:
      "You have no account here yet. Ask an administrator for an invitation to the address that you use in Teams.",
  },
};

export type TabText = typeof english;

import type { Density, ThemeChoice } from "../kit/theme";
import type { TimeStyle } from "../text/formats";

export const english = {
  skip: "Skip to the content",
  mainNavigation: "Main",
  account: "Account",
  accountOf: (name: string) => `Account of ${name}`,
  places: {
    inbox: "Inbox",
    executions: "Executions",
    operations: "Operations",
    insights: "Insights",
    admin: "Administration",
  },
  waiting: (place: string, count: string) => `${place}, ${count} open`,
  narrow: "Collapse",
  widen: "Expand",
  more: "More",
  search: "Search or run a command",
  searchHint: "Search",
  noCommand: "Nothing found. Try another word.",
  choose: "choose",
  open: "open",
  shortcuts: "Keyboard shortcuts",
  shortcutsOfScreen: "Keys that work on this screen",
  help: "Help",
  theme: "Theme",
  themes: (theme: ThemeChoice) =>
    ({ system: "As the device", light: "Light", dark: "Dark", contrast: "High contrast" })[theme],
  density: "Density",
  densities: (density: Density) => ({ comfortable: "Comfortable", compact: "Compact" })[density],
  language: "Language",
  times: "Times",
  timeStyles: (style: TimeStyle) => ({ relative: "Relative to now", local: "Local time", utc: "UTC" })[style],
  myAccount: "My account",
  signOut: "Sign out",
  organization: "Organization",
  switchOrganization: (name: string) => `Switch to ${name}`,
  openExecution: (number: string) => `Open the execution “${number}”`,
  whyExecution: (number: string) => `Why does “${number}” not move?`,
  groups: {
    here: "On this screen",
    go: "Go to",
    look: "Appearance",
    account: "Account",
    organization: "Organization",
    executions: "Executions",
    help: "Help",
  },
  found: {
    workflow: "Workflows",
    card: "Cards",
    execution: "Executions",
    datastore: "Datastores",
    connection: "Connections",
  },
  foundDetail: (detail: string) =>
    detail.replace(/^(DRAFT|ACTIVE)-(\d+)$/, (_, status: string, version: string) =>
      status === "DRAFT" ? `draft ${version}` : `version ${version}`,
    ),
  goTo: (place: string) => `Go to ${place}`,
  notFound: "There is no such page",
  notFoundHint: "The address may be incomplete.",
  toStart: "Go to the start page",
  andThen: "then",
};

export type ShellText = typeof english;

import type { Having } from "../api/queries/workflows/workflows";
import type { Difference } from "../graph/look";
import type { Way } from "./compare/address";
import type { Foreign } from "./creation/read-definition";
import { english as acts } from "./text.acts.en";
import { english as pages } from "./text.pages.en";

const list = {
  title: "Workflows",
  label: "Workflows",
  create: "New workflow",
  first: "Make the first workflow",
  empty: "There is no workflow yet",
  emptyHint: "Begin with a template, an empty one, or a file of another installation.",
  noMatch: "No workflow fits",
  search: "Search by name or id",
  having: { draft: "With a draft", incident: "With incidents", schedule: "Scheduled" } as Record<Having, string>,
  dropFilters: "Drop all filters",
  name: "Name",
  versions: "Versions",
  trigger: "Starts",
  open: "Open executions",
  lastDay: "Last 24 hours",
  modified: "Changed",
  active: (version: number) => `Version ${version} active`,
  neverActive: "Never active",
  draft: (version: number) => `Draft ${version}`,
  draftBy: (by: string, on: string) => (by === "" ? on : `${by}, ${on}`),
  unreadable: "cannot be read",
  paused: "Paused",
  next: "next",
  openCount: (count: number) => `${count} open`,
  incidents: (count: number) => (count === 1 ? "1 incident" : `${count} incidents`),
  noneStarted: "none",
  dayCount: (count: number) => String(count),
  sparkline: (name: string, started: number, failed: number) =>
    `${name}: ${started} started in the last 24 hours, ${failed} failed`,
  deleteOf: (name: string) => `Delete ${name}`,
};

const creation = {
  title: "New workflow",
  gallery: "Begin with",
  galleryHint:
    "A template is a whole workflow with its cards. You change it as you like; nothing runs before you activate it.",
  empty: "Empty workflow",
  emptySummary: "Only a start. Build it step by step in the Studio.",
  needs: (kind: string) => ({ http: "needs HTTP", sap: "needs SAP", smtp: "needs mail" })[kind] ?? `needs ${kind}`,
  cards: (count: number) => (count === 1 ? "1 card" : `${count} cards`),
  name: "Name",
  create: "Create the workflow",
  connection: (kind: string) =>
    ({ http: "HTTP connection", sap: "SAP connection", smtp: "Mail connection" })[kind] ?? kind,
  connectionHint: (name: string) => `The template names it “${name}”.`,
  asNamed: (name: string) => `As the template names it: ${name}`,
  missing: (name: string) => `There is no connection “${name}” yet. The workflow can be made now and activated later.`,
  makeConnection: "Make a connection",
  import: "Import",
  importHint: "A definition that Looply has exported, up to 10 MB. It is only read here; nothing of it runs.",
  file: "Choose a file, or drag it here:",
  paste: "Or paste its JSON",
  longText: "The text is too long to be shown here, but it has been read.",
  unread: "The file could not be read. It may have been moved; choose it again.",
  tooLarge: (megabytes: number) => `This has ${megabytes} MB; a definition has at most 10 MB. Nothing was read.`,
  markup:
    "This is markup (HTML or XML), such as a page or a BPMN file, not a definition of Looply. Export the workflow as JSON.",
  steps: "These are copied steps, not a whole workflow. Open a workflow in the Studio and paste them there.",
  broken: "This is not correct JSON.",
  foreign: (product: Foreign) =>
    ({
      n8n: "This is a workflow of n8n. Looply cannot run it; begin with a template and build its steps.",
      "step-functions": "This is a state machine of AWS Step Functions. Looply cannot run it; begin with a template.",
      "logic-apps": "This is a flow of Power Automate or Logic Apps. Looply cannot run it; begin with a template.",
      "node-red": "These are flows of Node-RED. Looply cannot run them; begin with a template.",
      unknown: "This is JSON, but no definition of Looply: it has no workflow_steps.",
    })[product],
  found: (name: string, steps: number) =>
    `${name === "" ? "A workflow without a name" : `“${name}”`}, ${steps === 1 ? "1 step" : `${steps} steps`}`,
  storeAs: "It names the workflow that it was exported from. Store it as",
  asNew: "A new workflow",
  asDraft: "The next draft of that workflow",
  importVerb: "Import",
};

const compare = {
  from: "From",
  to: "to",
  version: (version: number) => `Version ${version}`,
  restore: (version: number) => `Restore version ${version}`,
  same: "Choose two different versions.",
  onlyOne: "There is only one version, so there is nothing to compare yet.",
  equal: "The two versions are equal.",
  ways: "Shown as",
  wayNames: { graph: "Graph", list: "List", json: "JSON side by side" } as Record<Way, string>,
  changes: "Changes by step",
  workflow: "The workflow itself",
  count: (count: number) => (count === 1 ? "1 change" : `${count} changes`),
  someOf: (shown: number, count: number) => `The first ${shown} of ${count} changes.`,
  changedTimes: (count: number) => (count === 1 ? "1 change" : `${count} changes`),
  kinds: { added: "added", removed: "removed", changed: "changed" } as Record<Difference, string>,
  edge: (exit: string) => `Exit “${exit}” leads to`,
  wholeStep: "the step",
  yes: "yes",
  no: "no",
  nothing: "nothing",
  emptyText: "an empty text",
};

export const english = { list, creation, compare, ...pages, ...acts };

export type WorkflowsText = typeof english;

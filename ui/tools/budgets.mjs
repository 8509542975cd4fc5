// Fails when a first visit of a page loads more than its budget: all scripts and styles that its chunks load, compressed
// with gzip. Reads the manifest that the build writes.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const STATIC = fileURLToPath(new URL("../../src/looply/server/static/", import.meta.url));

/** Page -> the entry, the chunks that its route loads, and the budget in KB (1000 bytes); `folder`: of another build. */
const BUDGETS = {
  "card by its link": { chunks: ["inbox.html"], kilobytes: 60 },
  "sign-in": { chunks: ["app.html", "src/entrance/pages.tsx"], kilobytes: 230 },
  shell: { chunks: ["app.html", "src/shell/Shell.tsx"], kilobytes: 230 },
  inbox: { chunks: ["app.html", "src/shell/Shell.tsx", "src/inbox/InboxPage.tsx"], kilobytes: 250 },
  "tab of Teams": { folder: "teams/", chunks: ["teams.html", "src/inbox/InboxPage.tsx"], kilobytes: 210 },
  "frame of a card": { chunks: ["card-frame.html"], kilobytes: 60 },
  "chat of the demo": { chunks: ["chat.html"], kilobytes: 65 },
  "frame of a mail": { chunks: ["mail-frame.html"], kilobytes: 5 },
  history: { chunks: ["app.html", "src/shell/Shell.tsx", "src/executions/history/HistoryPage.tsx"], kilobytes: 300 },
  execution: {
    chunks: ["app.html", "src/shell/Shell.tsx", "src/executions/execution/ExecutionPage.tsx"],
    kilobytes: 390,
  },
  incidents: {
    chunks: [
      "app.html",
      "src/shell/Shell.tsx",
      "src/operations/OperationsPage.tsx",
      "src/operations/incidents/IncidentsPage.tsx",
    ],
    kilobytes: 300,
  },
  "dead letters": {
    chunks: [
      "app.html",
      "src/shell/Shell.tsx",
      "src/operations/OperationsPage.tsx",
      "src/operations/letters/LettersPage.tsx",
    ],
    kilobytes: 300,
  },
  schedules: {
    chunks: [
      "app.html",
      "src/shell/Shell.tsx",
      "src/operations/OperationsPage.tsx",
      "src/operations/schedules/SchedulesPage.tsx",
    ],
    kilobytes: 300,
  },
  workflows: {
    chunks: ["app.html", "src/shell/Shell.tsx", "src/workflows/list/WorkflowsPage.tsx"],
    kilobytes: 310,
  },
  "new workflow": {
    chunks: ["app.html", "src/shell/Shell.tsx", "src/workflows/creation/NewWorkflowPage.tsx"],
    kilobytes: 310,
  },
  "overview of a workflow": {
    chunks: [
      "app.html",
      "src/shell/Shell.tsx",
      "src/workflows/WorkflowPage.tsx",
      "src/workflows/overview/OverviewPage.tsx",
    ],
    kilobytes: 330,
  },
  "comparison of versions": {
    chunks: [
      "app.html",
      "src/shell/Shell.tsx",
      "src/workflows/WorkflowPage.tsx",
      "src/workflows/compare/ComparePage.tsx",
    ],
    kilobytes: 330,
  },
  profiles: {
    chunks: [
      "app.html",
      "src/shell/Shell.tsx",
      "src/workflows/WorkflowPage.tsx",
      "src/workflows/profiles/ProfilesPage.tsx",
    ],
    kilobytes: 310,
  },
  "settings of a workflow": {
    chunks: [
      "app.html",
      "src/shell/Shell.tsx",
      "src/workflows/WorkflowPage.tsx",
      "src/workflows/settings/SettingsPage.tsx",
    ],
    kilobytes: 310,
  },
  cards: {
    chunks: ["app.html", "src/shell/Shell.tsx", "src/cards/list/CardsPage.tsx"],
    kilobytes: 310,
  },
  datastores: {
    chunks: ["app.html", "src/shell/Shell.tsx", "src/data/DataPage.tsx", "src/data/datastores/DatastorePage.tsx"],
    kilobytes: 310,
  },
  calendars: {
    chunks: ["app.html", "src/shell/Shell.tsx", "src/data/DataPage.tsx", "src/data/calendars/CalendarPage.tsx"],
    kilobytes: 310,
  },
  connections: {
    chunks: ["app.html", "src/shell/Shell.tsx", "src/data/DataPage.tsx", "src/data/connections/ConnectionPage.tsx"],
    kilobytes: 310,
  },
  insights: { chunks: ["app.html", "src/shell/Shell.tsx", "src/insights/InsightsPage.tsx"], kilobytes: 310 },
  "card designer, with its editor": {
    chunks: [
      "app.html",
      "src/shell/Shell.tsx",
      "src/cards/designer/CardDesignerPage.tsx",
      "src/cards/json/JsonEditor.tsx",
      "src/expression/editor/open.ts",
    ],
    kilobytes: 500,
  },
  "own account": { chunks: ["app.html", "src/shell/Shell.tsx", "src/me/MePage.tsx"], kilobytes: 310 },
  members: { chunks: ["app.html", "src/shell/Shell.tsx", "src/admin/members/MembersPage.tsx"], kilobytes: 310 },
  keys: { chunks: ["app.html", "src/shell/Shell.tsx", "src/admin/keys/KeysPage.tsx"], kilobytes: 310 },
  studio: { chunks: ["app.html", "src/shell/Shell.tsx", "src/studio/StudioPage.tsx"], kilobytes: 440 },
  "studio with the editor": {
    chunks: ["app.html", "src/shell/Shell.tsx", "src/studio/StudioPage.tsx", "src/expression/editor/open.ts"],
    kilobytes: 580,
  },
  audit: { chunks: ["app.html", "src/shell/Shell.tsx", "src/admin/AuditPage.tsx"], kilobytes: 310 },
};

const manifests = new Map(
  ["", "teams/"].map((folder) => [folder, JSON.parse(readFileSync(`${STATIC}${folder}.vite/manifest.json`, "utf-8"))]),
);
const sizes = new Map();

function sizeOf(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(STATIC + file), { level: 9 }).length);
  return sizes.get(file);
}

/** Returns the files that the chunks of a build and what they import load. */
function filesOf(folder, names) {
  const chunks = new Set();
  const files = new Set();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (chunks.has(name)) continue;
    chunks.add(name);
    const chunk = manifests.get(folder)[name];
    if (chunk === undefined) throw new Error(`the build has no chunk ${name}; correct tools/budgets.mjs`);
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(folder + file);
    open.push(...(chunk.imports ?? []));
  }
  return [...files];
}

let isOver = false;
for (const [page, { folder = "", chunks, kilobytes }] of Object.entries(BUDGETS)) {
  const files = filesOf(folder, chunks);
  const size = files.reduce((sum, file) => sum + sizeOf(file), 0) / 1000;
  const over = size > kilobytes;
  isOver ||= over;
  console.log(`${over ? "OVER" : "ok  "} ${page}: ${size.toFixed(1)} of ${kilobytes} KB in ${files.length} files`);
  if (over) for (const file of files) console.log(`       ${(sizeOf(file) / 1000).toFixed(1)} KB ${file}`);
}
process.exitCode = isOver ? 1 : 0;

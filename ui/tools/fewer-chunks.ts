/** Fewer files for a first visit: each costs the browser and the server more than the few hundred bytes that it may have.
 *
 * Theory of operation. By default all that is needed by the same entries and screens is a chunk, and there are sixty
 * screens: the frame of the app alone would be 27 files. A first build says what each screen loads. In the second one all
 * that every page of the app loads is a chunk, all that its frame adds, and all that most screens add. What pages beside
 * the app share with it stays apart for them, as does what the screens of `SMALL` share. What a module imports is needed
 * wherever it is needed itself, so that no two chunks import each other.
 */

import { build, type InlineConfig } from "vite";

const APP = "app.html";
const FRAME = "src/shell/Shell.tsx";
/** Screens that load no more than they need: people see them first. */
const SMALL: readonly string[] = ["src/entrance/pages.tsx", "src/inbox/InboxPage.tsx"];
/** What so many entries and screens need is loaded by all but small ones. */
const MOST = 28;

export interface Chunk {
  name: string;
  imports: readonly string[];
  modules: readonly string[];
  /** The file that it is for, where it is an entry or a screen. */
  opens: string | null;
  isPage: boolean;
}

/** Returns in which chunk a module belongs, null where the default is right. */
export async function findChunks(config: InlineConfig): Promise<(module: string) => string | null> {
  const found = groupsOf(await chunksOf(config));
  return (module) => found.get(module) ?? null;
}

/** Returns the groups of the modules that are in one, by the chunks of a first build. */
export function groupsOf(chunks: ReadonlyMap<string, Chunk>): ReadonlyMap<string, string> {
  const roots = [...chunks.values()].filter(({ opens }) => opens !== null);
  const loaded = new Map(roots.map((root) => [root.opens ?? "", closureOf(root, chunks)]));
  const pages = roots.filter(({ isPage }) => isPage).map(({ opens }) => opens ?? "");
  const found = new Map<string, string>();
  for (const chunk of chunks.values()) {
    if (chunk.opens !== null) continue;
    const users = [...loaded].flatMap(([opens, names]) => (names.has(chunk.name) ? [opens] : []));
    const group = groupOf(users, pages);
    if (group !== null) for (const module of chunk.modules) found.set(module, group);
  }
  return found;
}

function groupOf(users: readonly string[], pages: readonly string[]): string | null {
  const others = pages.filter((page) => page !== APP && users.includes(page)).length;
  if (users.includes(APP)) return `app${others}`;
  const small = SMALL.map((screen) => Number(users.includes(screen))).join("");
  if (users.includes(FRAME)) return `frame${others}${small}`;
  return users.length >= MOST ? `kit${others}${small}` : null;
}

async function chunksOf(config: InlineConfig): Promise<Map<string, Chunk>> {
  const built = await build({
    ...config,
    configFile: false,
    logLevel: "error",
    build: { ...config.build, write: false },
  });
  if ("close" in built) throw new Error("the first build watches its files; it must end");
  const outputs = Array.isArray(built) ? built : [built];
  const found = new Map<string, Chunk>();
  for (const each of outputs.flatMap(({ output }) => output)) {
    if (each.type !== "chunk") continue;
    const { fileName: name, imports, moduleIds: modules, isEntry: isPage } = each;
    const file = isPage || each.isDynamicEntry ? each.facadeModuleId : null;
    const opens = file?.slice(file.lastIndexOf("/ui/") + "/ui/".length) ?? null;
    found.set(name, { name, imports, modules, opens, isPage });
  }
  return found;
}

function closureOf(root: Chunk, chunks: ReadonlyMap<string, Chunk>): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [root.name];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const chunk = chunks.get(name);
    if (chunk === undefined || found.has(name)) continue;
    found.add(name);
    open.push(...chunk.imports);
  }
  return found;
}

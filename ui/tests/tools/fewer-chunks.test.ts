/** Which modules share a chunk, by what each page and screen of a build loads. */

import { describe, expect, it } from "vitest";
import { type Chunk, groupsOf } from "../../tools/fewer-chunks";

const FRAME = "src/shell/Shell.tsx";
const INBOX = "src/inbox/InboxPage.tsx";
const ENTRANCE = "src/entrance/pages.tsx";

/** Chunks of a build by their names, each with what it imports and one module that has its name. */
function built(shared: Record<string, readonly string[]>, opening: Record<string, readonly string[]>) {
  const chunks = new Map<string, Chunk>();
  const add = (name: string, imports: readonly string[], opens: string | null): void => {
    const isPage = opens?.endsWith(".html") ?? false;
    chunks.set(name, { name, imports, modules: [`module of ${name}`], opens, isPage });
  };
  for (const [name, imports] of Object.entries(shared)) add(name, imports, null);
  for (const [opens, imports] of Object.entries(opening)) add(`chunk of ${opens}`, imports, opens);
  return chunks;
}

function screens(count: number, imports: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`src/screen-${at}.tsx`, imports]));
}

function groupOf(chunks: ReadonlyMap<string, Chunk>, name: string): string | undefined {
  return groupsOf(chunks).get(`module of ${name}`);
}

describe("modules share a chunk", () => {
  it("where the page of the app loads them, also through others", () => {
    const chunks = built({ react: ["base"], base: [] }, { "app.html": ["react"], [FRAME]: ["base"] });
    expect(groupOf(chunks, "react")).toBe("app0");
    expect(groupOf(chunks, "base")).toBe("app0");
  });

  it("apart from what pages beside the app load too, which must not load more", () => {
    const pages = { "app.html": ["react", "base"], "docs.html": ["base"], "inbox.html": ["base"] };
    const chunks = built({ react: [], base: [] }, pages);
    expect(groupOf(chunks, "react")).toBe("app0");
    expect(groupOf(chunks, "base")).toBe("app2");
  });

  it("where the frame loads them, apart from what the first screens load too", () => {
    const opening = { "app.html": [], [FRAME]: ["menu", "chip"], [INBOX]: ["chip"] };
    const chunks = built({ menu: [], chip: [] }, opening);
    expect(groupOf(chunks, "menu")).toBe("frame000");
    expect(groupOf(chunks, "chip")).toBe("frame001");
  });

  it("where most screens load them, apart from what the first screens load too", () => {
    const most = screens(28, ["table", "field"]);
    const chunks = built({ table: [], field: [] }, { "app.html": [], ...most, [ENTRANCE]: ["field"] });
    expect(groupOf(chunks, "table")).toBe("kit000");
    expect(groupOf(chunks, "field")).toBe("kit010");
  });
});

describe("modules stay where they are", () => {
  it("where few screens load them, which the others would pay for", () => {
    const chunks = built({ graph: [] }, { "app.html": [], ...screens(27, ["graph"]) });
    expect(groupOf(chunks, "graph")).toBeUndefined();
  });

  it("where a page or a screen opens with them, and in pages beside the app", () => {
    const chunks = built({ card: [] }, { "app.html": [], "inbox.html": ["card"], [FRAME]: [] });
    expect([...groupsOf(chunks)]).toEqual([]);
  });
});

it("two chunks never import each other: what a group imports is in a group that all of its users load", () => {
  const shared = { button: ["icon"], icon: ["base"], base: [], table: ["button"] };
  const opening = { "app.html": ["base"], [FRAME]: ["button"], [INBOX]: ["icon"], ...screens(28, ["table"]) };
  const chunks = built(shared, opening);
  const groups = groupsOf(chunks);
  const edges = new Set<string>();
  for (const [name, imports] of Object.entries(shared)) {
    for (const each of imports) edges.add(`${groups.get(`module of ${name}`)} ${groups.get(`module of ${each}`)}`);
  }
  expect([...edges].toSorted()).toEqual(["frame000 frame001", "frame001 app0", "kit000 frame000"]);
});

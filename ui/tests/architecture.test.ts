import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { circlesOf } from "./circles";
import { factsOf } from "./source";

const SOURCES = resolve(import.meta.dirname, "../src");

/** From below to above: a folder imports from itself and from those before it, never from one after it. */
const LAYERS = ["shared", "api", "text", "kit", "expression", "graph", "frame", "session", "editing", "shell"];
/** Each is above the layers and imports no other feature. `docs` and the card's page are pages of their own. */
const FEATURES = [
  ...["docs", "entrance", "me", "admin", "inbox", "executions", "operations", "insights", "public", "chat", "teams"],
  ...["studio", "workflows", "cards", "data"],
];
/** Parts of a feature that another one opens: they load on their own, and know nothing of who opens them. */
const OPENED: Readonly<Record<string, readonly string[]>> = { studio: ["workflows/activation/VersionActs"] };
/** What puts everything together lies beside the folders. */
const ROOT = "";
const LONGEST = 300;
/** Most modules side by side in a folder. */
const MOST = 15;
const LONGEST_FUNCTION = 70;
/** Casts, and comments that silence a check. The limit only falls: who removes some lowers it. */
const MOST_CASTS = 132;
/** So many fewer may be left before the limit must be lowered. */
const SLACK = 5;

/** The participles and verbs of the rule for Python: there is one list. */
const WORDS = readFileSync(resolve(import.meta.dirname, "../../tests/test_words.py"), "utf-8");
const PARTICIPLE = textsOf("PARTICIPLE: Final = re.compile(").join("");
const VERBS = textsOf("VERBS: Final = frozenset((");
/** A participle before a noun is an adjective: `chosenSteps`. One alone, or before such a word, names no act. */
const NO_NOUN = "Of|By|In|At|On|To|For|With|Over|Or[A-Z][A-Za-z]*";
const IS_PARTICIPLE = new RegExp(`^(${PARTICIPLE})(${NO_NOUN})?$`);

const all = readdirSync(SOURCES, { recursive: true, encoding: "utf-8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => /\.(ts|tsx|css)$/.test(file) && file !== "api/generated.ts");
const files = all.filter((file) => !file.endsWith(".css"));

/** Returns the texts of a constant of that file, up to the bracket that closes it. */
function textsOf(beginning: string): string[] {
  const [, rest = ""] = WORDS.split(beginning);
  return [...(rest.split(")")[0] ?? "").matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text);
}

function isParticiple(name: string): boolean {
  return IS_PARTICIPLE.test(name) && !VERBS.includes(name);
}

function folderOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] ?? ROOT) : ROOT;
}

function importsOf(file: string): string[] {
  return importsIn(file, readFileSync(join(SOURCES, file), "utf-8"));
}

/** Returns what a text imports of this tree: values, types, and what it loads later. */
function importsIn(file: string, text: string): string[] {
  const names = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, name = ""]) => name);
  return names.map((name) => relative(SOURCES, resolve(SOURCES, dirname(file), name)));
}

/** Returns the circles of a tree of files and their texts. */
function circlesIn(tree: ReadonlyMap<string, string>): string[][] {
  const byName = new Map([...tree.keys()].map((file) => [file.replace(/\.tsx?$/, ""), file]));
  const imports = new Map(
    [...tree].map(([file, text]) => [file, importsIn(file, text).flatMap((name) => byName.get(name) ?? [])] as const),
  );
  return circlesOf([...tree.keys()], (file) => imports.get(file) ?? []);
}

function mayImport(from: string, to: string): boolean {
  if (from === to || from === ROOT) return true;
  if (FEATURES.includes(from)) return LAYERS.includes(to);
  return LAYERS.includes(to) && LAYERS.indexOf(to) < LAYERS.indexOf(from);
}

describe("the tree of the sources", () => {
  it("has no folder that is neither a layer nor a feature", () => {
    const unknown = files.map(folderOf).filter((each) => each !== ROOT && ![...LAYERS, ...FEATURES].includes(each));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it("imports downwards only, and no feature imports another", () => {
    const found = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => !mayImport(folderOf(file), folderOf(target)))
        .filter((target) => !OPENED[folderOf(file)]?.includes(target))
        .map((target) => `${file} imports ${target}`),
    );
    expect(found).toEqual([]);
  });

  it("has no circle of files, by types and by what is loaded later either", () => {
    const made = new Map([
      ["a/one.ts", 'import type { Two } from "./two";'],
      ["a/two.tsx", 'import { one } from "./one";'],
      ["b/page.tsx", 'const load = () => import("../c/part");'],
      ["c/part.ts", 'import { name } from "./name";'],
      ["c/name.ts", 'export { page } from "../b/page";'],
      ["c/alone.ts", 'import { name } from "./name";'],
    ]);
    expect(circlesIn(made)).toEqual([
      ["a/one.ts", "a/two.tsx"],
      ["b/page.tsx", "c/name.ts", "c/part.ts"],
    ]);
    const tree = new Map(files.map((file) => [file, readFileSync(join(SOURCES, file), "utf-8")]));
    expect(circlesIn(tree)).toEqual([]);
  });

  it("has files that can be read at once", () => {
    const found = all
      .map((file) => [file, readFileSync(join(SOURCES, file), "utf-8").split("\n").length] as const)
      .filter(([, lines]) => lines > LONGEST);
    expect(found).toEqual([]);
  });

  it("has folders that a stranger can look through", () => {
    const counts = new Map<string, number>();
    for (const file of files.filter((each) => !/\.(en|de)\.ts$/.test(each))) {
      counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    }
    const found = [...counts].filter(([, count]) => count > MOST);
    expect(found).toEqual([]);
  });

  it("has the queries of each layer and feature in a folder of its name", () => {
    const folders = files.filter((file) => file.startsWith("api/queries/") && file.split("/").length > 3);
    const names = [...new Set(folders.map((file) => file.split("/")[2] ?? ""))];
    expect(names.filter((name) => ![...LAYERS, ...FEATURES].includes(name))).toEqual([]);
    expect(files.filter((file) => /^api\/queries\/[^/]+$/.test(file))).toEqual(["api/queries/pages.ts"]);
  });

  it("calls the network in one place, and stores nothing but preferences in the browser", () => {
    const places = (pattern: RegExp) =>
      files.filter((file) => pattern.test(readFileSync(join(SOURCES, file), "utf-8")));
    expect(places(/\bfetch\(/).filter((file) => !["docs", "inbox", "public"].includes(folderOf(file)))).toEqual([
      "api/client.ts",
      "shared/http.ts",
    ]);
    expect(places(/\b(local|session)Storage\b/)).toEqual(["session/preferences.tsx", "studio/side/kept-size.ts"]);
  });

  it("writes no HTML from text, which the content security policy of the app would refuse", () => {
    const found = files.filter((file) =>
      /dangerouslySetInnerHTML|\.(inner|outer)HTML\s*=|insertAdjacentHTML|new Function|\beval\(/.test(
        readFileSync(join(SOURCES, file), "utf-8"),
      ),
    );
    expect(found).toEqual([]);
  });
});

describe("the functions of the sources", () => {
  const facts = files.map((file) => [file, factsOf(file, readFileSync(join(SOURCES, file), "utf-8"))] as const);
  const functions = facts.flatMap(([file, { functions: found }]) => found.map((each) => ({ file, ...each })));

  it("are short enough to be read at once", () => {
    const found = functions.filter(({ lines }) => lines > LONGEST_FUNCTION);
    expect(found.map(({ file, line, name, lines }) => `${file}:${line} ${name} ${lines}`)).toEqual([]);
  });

  it("are named by verbs or nouns", () => {
    expect(["grouped", "movedBy", "leftOver"].every(isParticiple)).toBe(true);
    expect(["chosenSteps", "need", "read"].some(isParticiple)).toBe(false);
    const found = functions.filter(({ name }) => isParticiple(name));
    expect(found.map(({ file, line, name }) => `${file}:${line} ${name}`)).toEqual([]);
  });

  it("say in a sentence what they return or do, where others call them", () => {
    const found = functions.filter(({ isExported, hasSentence }) => isExported && !hasSentence);
    expect(found.map(({ file, line, name }) => `${file}:${line} ${name}`)).toEqual([]);
  });

  it("leave the checks of types to the compiler, but for a number of casts that only falls", () => {
    const count = facts.reduce((sum, [, { casts }]) => sum + casts.length, 0);
    expect(count).toBeLessThanOrEqual(MOST_CASTS);
    expect(MOST_CASTS - count, "lower MOST_CASTS").toBeLessThanOrEqual(SLACK);
  });
});

import { fileURLToPath } from "node:url";
import { mergeConfig } from "vite";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { devPages, toServer } from "./tools/dev-server";
import { findChunks } from "./tools/fewer-chunks";
import { shortTokens } from "./tools/short-tokens";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const CODEMIRROR = ["autocomplete", "commands", "lang-json", "language", "lint", "state", "view"].map(
  (part) => `@codemirror/${part}`,
);

// The server sends `inbox.html` for /inbox/{token}, `docs.html` for /docs, `app.html`
// for /app/*, `card-frame.html` for /card-frame and `mail-frame.html` for /mail-frame; all else lies under /static/.
// `chat.html` is the page of `looply demo --teams`, whose own server sends it.
// `teams.html`, for /teams/inbox, is a build of its own, by the mode `teams`: a second entry that shares the screens of
// the app would divide their chunks, and each screen would load more.
const PAGES = ["inbox", "docs", "app", "card-frame", "mail-frame", "chat"];
const SERVED = "../src/looply/server/static";

export default defineConfig(async ({ command, mode }) => {
  const config = configOf(command, mode);
  // Of the tab of Teams there is one screen only.
  if (command !== "build" || mode === "teams") return config;
  const name = await findChunks(config);
  const groups = [{ name, includeDependenciesRecursively: false }];
  return mergeConfig(config, { build: { rollupOptions: { output: { codeSplitting: { groups } } } } });
});

const configOf = (command: "build" | "serve", mode: string): ViteUserConfig => ({
  root: here("."),
  base: mode === "teams" ? "/static/teams/" : command === "serve" && mode !== "test" ? "/" : "/static/",
  plugins: [devPages(), shortTokens()],
  build: {
    outDir: here(mode === "teams" ? `${SERVED}/teams` : SERVED),
    emptyOutDir: true,
    target: "es2022",
    // A data: URL in a page would need a wider content security policy than 'self'.
    assetsInlineLimit: 0,
    // The licenses of what is bundled ask to go with it.
    license: { fileName: "licenses.md" },
    modulePreload: { polyfill: false },
    // `tools/budgets.mjs` reads which chunks a first visit loads.
    manifest: true,
    rollupOptions: {
      // Fluent marks its modules for servers that draw React; there is none here.
      onLog: (level, log, report) => log.code !== "MODULE_LEVEL_DIRECTIVE" && report(level, log),
      input: Object.fromEntries((mode === "teams" ? ["teams"] : PAGES).map((page) => [page, here(`${page}.html`)])),
      // Names and hashes are most of the list of chunks that each page loads, and hashes cannot be compressed.
      output: {
        entryFileNames: "assets/[name]-[hash:7].js",
        chunkFileNames: ({ name }) => `assets/${name.slice(0, 8)}-[hash:7].js`,
        assetFileNames: "assets/[name]-[hash:7][extname]",
      },
    },
  },
  // Tests read the workflow of the demo, which lies beside this workspace.
  server: { fs: { allow: [here("..")] }, host: "127.0.0.1", port: 5173, proxy: toServer() },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    // By default one core stays idle, which is half of a machine with two.
    maxWorkers: "100%",
    // A context instead of a new thread for each file: modules that were read once are not read again.
    pool: "vmThreads",
    // Fluent is thousands of modules; as one file they load in a fraction of the time.
    // The parts of CodeMirror know each other by identity: they must be loaded once.
    deps: { optimizer: { client: { enabled: true, include: ["@fluentui/react-components", ...CODEMIRROR] } } },
    // A machine that does other work too draws a card in a second; no test waits for the time itself.
    testTimeout: 60_000,
  },
});

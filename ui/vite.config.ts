import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// The server sends `inbox.html` for /inbox/{token} and `docs.html` for /docs; all else lies under /static/.
export default defineConfig({
  root: here("."),
  base: "/static/",
  build: {
    outDir: here("../src/looply/server/static"),
    emptyOutDir: true,
    target: "es2022",
    // A data: URL in a page would need a wider content security policy than 'self'.
    assetsInlineLimit: 0,
    // The licenses of what is bundled ask to go with it.
    license: { fileName: "licenses.md" },
    modulePreload: { polyfill: false },
    rollupOptions: { input: { inbox: here("inbox.html"), docs: here("docs.html") } },
  },
  // Tests read the workflow of the demo, which lies beside this workspace.
  server: { fs: { allow: [here("..")] } },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    // A machine that does other work too draws a card in a second; no test waits for the time itself.
    testTimeout: 60_000,
  },
});

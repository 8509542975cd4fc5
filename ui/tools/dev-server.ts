/**
 * `npm run dev`: the pages from their sources, and every call to a server that runs beside it.
 *
 * `LOOPLY_URL` names that server; without it, the one that `looply serve` starts. The cookie of a session is shared,
 * because cookies do not know ports. The headers that the server gives its pages are missing here: what a content
 * security policy would forbid shows in `make run` and in the stories.
 */

import type { Plugin, ProxyOptions } from "vite";

const SERVER = process.env.LOOPLY_URL ?? "http://127.0.0.1:8080";
const CALLS = ["/v1", "/v2", "/openapi.json", "/healthz", "/static/licenses.md"];
const PAGES: readonly [RegExp, string][] = [
  [/^\/app(\/|$)/, "/app.html"],
  [/^\/card-frame$/, "/card-frame.html"],
  [/^\/mail-frame$/, "/mail-frame.html"],
  [/^\/teams\/inbox$/, "/teams.html"],
  [/^\/teams\/card-frame$/, "/card-frame.html"],
  [/^\/inbox\/[^/]+$/, "/inbox.html"],
  [/^\/docs$/, "/docs.html"],
];

/** Returns where calls go. The server refuses a foreign origin, so that of the page is replaced. */
export function toServer(): Record<string, ProxyOptions> {
  const options: ProxyOptions = {
    target: SERVER,
    changeOrigin: true,
    configure: (proxy) => {
      proxy.on("proxyReq", (request) => {
        if (request.hasHeader("origin")) request.setHeader("origin", new URL(SERVER).origin);
      });
    },
  };
  return Object.fromEntries(CALLS.map((path) => [path, options]));
}

/** Answers the addresses of the server's pages with their sources. */
export function devPages(): Plugin {
  return {
    name: "looply-pages",
    apply: "serve",
    configureServer: (server) => {
      server.middlewares.use((request, response, next) => {
        const [path = ""] = (request.url ?? "").split("?");
        if (path === "/") {
          response.writeHead(302, { location: "/app/" }).end();
          return;
        }
        const page = PAGES.find(([pattern]) => pattern.test(path));
        if (page !== undefined) request.url = page[1];
        next();
      });
    },
  };
}

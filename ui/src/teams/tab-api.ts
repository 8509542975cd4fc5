/** The calls of the tab: each has a token of its reader and the connection, and no cookie. */

import { type Api, createApi } from "../api/client";
import { CallError } from "../api/errors";
import type { TeamsHost } from "./host";

/** The code of a call that was not made, because Teams gave no token for it. */
export const NO_TOKEN = "NO_TEAMS_TOKEN";

/** Returns a client for the tab of a connection. */
export function createTabApi(host: TeamsHost, connection: string, send: typeof fetch = fetch): Api {
  const call: Api["call"] = async (...given) => {
    const own = { authorization: `Bearer ${await tokenOf(host)}`, "x-looply-connection": connection };
    const one = createApi((path, init) =>
      send(path, {
        ...init,
        credentials: "omit",
        headers: { ...Object.fromEntries(new Headers(init?.headers)), ...own },
      }),
    );
    return one.call(...given);
  };
  // Changes by a cookie need such a value; here is none.
  return { call, setCsrf: () => undefined };
}

async function tokenOf(host: TeamsHost): Promise<string> {
  try {
    return await host.token();
  } catch (cause) {
    throw new CallError({ kind: "forbidden", code: NO_TOKEN, message: "Teams gave no token" }, cause);
  }
}

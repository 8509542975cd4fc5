/** The client of the API: `call("getKeys", {limit: 20})` gives the typed answer, or throws a `CallError`. */

import { CallError, errorOf } from "./errors";
import { OWN_PATH, routes } from "./routes";
import type { AnswerOf, CallOptions, Codec, InputOf, OperationId } from "./types";

export type Call = <Id extends OperationId>(
  id: Id,
  input?: InputOf<Id>,
  options?: CallOptions,
) => Promise<AnswerOf<Id>>;

export interface Api {
  call: Call;
  /** The value that the server gave for the header of POST calls; empty before sign-in. */
  setCsrf: (csrf: string) => void;
}

const TIMEOUT_MS = 30_000;
const PLAIN: Codec = { parse: (text) => JSON.parse(text), print: (value) => JSON.stringify(value) };

/** Returns a client that sends by `fetch` of the browser, or by another one in tests. */
export function createApi(send: typeof fetch = (input, init) => fetch(input, init)): Api {
  let csrf = "";
  return {
    setCsrf: (next) => {
      csrf = next;
    },
    call: async (id, input, options = {}) => {
      const [method, template = OWN_PATH + id] = routes[id].split(" ");
      const path = pathOf(template, options.path ?? {}, options.query);
      const request = method === "GET" ? getOf(path, input ?? {}) : postOf(path, input ?? {}, options.codec ?? PLAIN);
      // With this header the server answers 401 to a session that has ended, also for a GET.
      const headers = { ...request.headers, accept: "application/json", "x-looply-csrf": csrf };
      const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(options.signal ? [options.signal] : [])];
      const { keepalive = false } = options;
      const init = { ...request.init, headers, keepalive, signal: AbortSignal.any(signals) };
      return (await answerOf(send, request.path, init, options.codec ?? PLAIN)) as never;
    },
  };
}

interface Request {
  path: string;
  headers: Record<string, string>;
  init: RequestInit;
}

function getOf(path: string, query: object): Request {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return { path: search.size === 0 ? path : `${path}?${search}`, headers: {}, init: { method: "GET" } };
}

function postOf(path: string, body: object, codec: Codec): Request {
  const headers = { "content-type": "application/json" };
  return { path, headers, init: { method: "POST", body: codec.print(body) } };
}

function pathOf(template: string, values: Named, query: Named = {}): string {
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
  const search = new URLSearchParams(query);
  return search.size === 0 ? path : `${path}?${search}`;
}

type Named = Readonly<Record<string, string>>;

async function answerOf(send: typeof fetch, path: string, init: RequestInit, codec: Codec): Promise<unknown> {
  let response: Response;
  let body: unknown;
  try {
    response = await send(path, {
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      ...init,
    });
    body = parse(await response.text(), codec);
  } catch (cause) {
    if (isCancelled(cause)) throw cause;
    throw lossOf(init.method ?? "GET", cause);
  }
  if (!response.ok) throw errorOf(response.status, body, response.headers);
  if (body === undefined) {
    const requestId = response.headers.get("x-request-id");
    throw new CallError({ kind: "unreadable", status: response.status, requestId });
  }
  return body;
}

// A POST may have arrived although its answer did not, unless the browser knows that it has no network.
function lossOf(method: string, cause: unknown): CallError {
  const isUnknown = method === "POST" && navigator.onLine;
  return new CallError({ kind: isUnknown ? "outcome-unknown" : "offline" }, cause);
}

function isCancelled(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === "AbortError";
}

function parse(text: string, codec: Codec): unknown {
  try {
    return codec.parse(text);
  } catch {
    return undefined;
  }
}

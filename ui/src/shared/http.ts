/** One call to the server: what came back, or that nothing did. */

export interface HttpAnswer {
  status: number;
  /** The parsed JSON, or null when the body was not JSON. */
  body: unknown;
}

/** The server gave no answer: no network, connection broken, or nothing within the time. */
export class Unreachable extends Error {}

export interface SendOptions {
  json?: unknown;
  method?: string;
  headers?: Record<string, string>;
}

export type Send = (path: string, options?: SendOptions) => Promise<HttpAnswer>;

const TIMEOUT_MS = 30_000;

/** Sends a GET, or a POST when `json` is given, unless `method` says otherwise. Throws `Unreachable` only. */
export const send: Send = async (path, options = {}) => {
  const headers = { ...options.headers, accept: "application/json" };
  const init: RequestInit = {
    headers,
    credentials: "same-origin",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  if ("json" in options) {
    init.method = "POST";
    init.headers = { ...headers, "content-type": "application/json" };
    init.body = JSON.stringify(options.json);
  }
  if (options.method !== undefined) init.method = options.method;
  let status: number;
  let text: string;
  try {
    const response = await fetch(path, init);
    status = response.status;
    text = await response.text();
  } catch (cause) {
    throw new Unreachable("the server did not answer", { cause });
  }
  return { status, body: parse(text) };
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export type JsonObject = Record<string, unknown>;

/** Returns whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns a text that is not empty; null for any other value. */
export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

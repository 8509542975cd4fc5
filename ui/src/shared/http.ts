/** One call to the server: what came back, or that nothing did. */

export interface HttpAnswer {
  status: number;
  /** The parsed JSON, or null when the body was not JSON. */
  body: unknown;
}

/** The server gave no answer: no network, connection broken, or nothing within the time. */
export class Unreachable extends Error {}

export type Send = (path: string, options?: { json?: unknown }) => Promise<HttpAnswer>;

const TIMEOUT_MS = 30_000;

/** Sends a GET, or a POST when `json` is given. Throws `Unreachable` only. */
export const send: Send = async (path, options = {}) => {
  const init: RequestInit = {
    headers: { accept: "application/json" },
    credentials: "same-origin",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  if ("json" in options) {
    init.method = "POST";
    init.headers = { accept: "application/json", "content-type": "application/json" };
    init.body = JSON.stringify(options.json);
  }
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

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

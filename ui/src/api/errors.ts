/** Why a call failed, as one closed union: screens decide by `kind`, and every kind has its text. */

import { isObject, type JsonObject, textOf } from "../shared/http";

export type CallErrorKind =
  /** 401: the session has ended, or none was there. */
  | "signed-out"
  /** 403: the caller lacks the permission. */
  | "forbidden"
  | "not-found"
  /** 409, 410: something else happened first. */
  | "conflict"
  /** 400, 413, 415, 422: the server understood and refused; `findings` say where. */
  | "invalid"
  /** 429: too many calls; `retryAfter` seconds until the next may succeed. */
  | "too-many"
  /** 503 `OUTCOME_UNKNOWN`, or a POST whose answer was lost: it may have been done. */
  | "outcome-unknown"
  /** 500, 502, 503, 504: nothing was done. */
  | "unavailable"
  /** No answer arrived, and nothing can have been done. */
  | "offline"
  /** The answer is not what the description of the API promises. */
  | "unreadable";

export interface Finding {
  path: string;
  message: string;
  /** Names the sentence `message`; empty for a text without one. */
  code: string;
  /** What the sentence names. */
  values: Readonly<Record<string, string | number>>;
}

interface Facts {
  kind: CallErrorKind;
  status: number;
  code: string;
  message: string;
  findings: readonly Finding[];
  requestId: string | null;
  /** Seconds. */
  retryAfter: number | null;
  /** The whole body of the answer; empty when it had none. */
  body: JsonObject;
}

/** A call that did not succeed. `status` is 0 when no answer arrived. */
export class CallError extends Error {
  readonly facts: Facts;

  constructor(facts: Partial<Facts> & Pick<Facts, "kind">, cause?: unknown) {
    super(facts.message ?? facts.kind, { cause });
    this.name = "CallError";
    this.facts = {
      status: 0,
      code: "",
      message: "",
      findings: [],
      requestId: null,
      retryAfter: null,
      body: {},
      ...facts,
    };
  }

  get kind(): CallErrorKind {
    return this.facts.kind;
  }

  get code(): string {
    return this.facts.code;
  }
}

/** Returns the error of an answer whose status is not that of a success. */
export function errorOf(status: number, body: unknown, headers: Headers): CallError {
  const json = isObject(body) ? body : {};
  const code = textOf(json.code) ?? "";
  return new CallError({
    kind: kindOf(status, code),
    status,
    code,
    message: textOf(json.message) ?? "",
    findings: findingsOf(json.errors),
    requestId: textOf(json.request_id) ?? headers.get("x-request-id"),
    retryAfter: secondsOf(headers.get("retry-after")),
    body: json,
  });
}

/** Returns the error that a failed call shows, whatever was thrown. */
export function asCallError(error: unknown): CallError {
  return error instanceof CallError ? error : new CallError({ kind: "unreadable", message: String(error) }, error);
}

const KINDS: Readonly<Record<number, CallErrorKind>> = {
  400: "invalid",
  401: "signed-out",
  403: "forbidden",
  404: "not-found",
  409: "conflict",
  410: "conflict",
  413: "invalid",
  415: "invalid",
  422: "invalid",
  429: "too-many",
};

function kindOf(status: number, code: string): CallErrorKind {
  if (code === "OUTCOME_UNKNOWN") return "outcome-unknown";
  return KINDS[status] ?? (status >= 500 ? "unavailable" : "unreadable");
}

function findingsOf(value: unknown): Finding[] {
  const found = Array.isArray(value) ? value.filter(isObject) : [];
  return found.map((each) => ({
    path: textOf(each.path) ?? "",
    message: textOf(each.message) ?? "",
    code: textOf(each.code) ?? "",
    values: isObject(each.values) ? valuesOf(each.values) : {},
  }));
}

function valuesOf(values: JsonObject): Record<string, string | number> {
  const found: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "string" || typeof value === "number") found[name] = value;
  }
  return found;
}

function secondsOf(text: string | null): number | null {
  const seconds = Number(text);
  return text !== null && Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

import { describe, expect, it } from "vitest";
import { createApi } from "../../src/api/client";
import { CallError } from "../../src/api/errors";

interface Sent {
  path: string;
  init: RequestInit;
}

function serving(answer: () => Response | Promise<Response>) {
  const sent: Sent[] = [];
  const api = createApi(async (path, init = {}) => {
    sent.push({ path: String(path), init });
    return answer();
  });
  return { api, sent };
}

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

async function failure(call: Promise<unknown>): Promise<CallError["facts"]> {
  const error = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CallError);
  return (error as CallError).facts;
}

const KEYS = { message: "success", count: 0, items: [] };

describe("a call", () => {
  it("sends the parameters of a GET in the address", async () => {
    const { api, sent } = serving(() => json(KEYS));
    expect(await api.call("getKeys", { limit: 5, key_id: "a/b" })).toEqual(KEYS);
    expect(sent[0]?.path).toBe("/v2/workflows/getKeys?limit=5&key_id=a%2Fb");
    expect(sent[0]?.init.method).toBe("GET");
  });

  it("sends the body of a POST as JSON with the header that the session asks for", async () => {
    const { api, sent } = serving(() => json({ message: "success" }));
    api.setCsrf("csrf-1");
    await api.call("revokeKey", { key_id: "key-1" });
    const headers = sent[0]?.init.headers as Record<string, string>;
    expect(sent[0]?.init.body).toBe('{"key_id":"key-1"}');
    expect(headers["content-type"]).toBe("application/json");
    expect(headers["x-looply-csrf"]).toBe("csrf-1");
    expect(sent[0]?.init.credentials).toBe("same-origin");
    expect(sent[0]?.init.redirect).toBe("error");
  });

  it("puts values into the path so that they stay one part of it", async () => {
    const { api, sent } = serving(() => json({ item: {} }));
    await api.call("getInboxCard", {}, { path: { token: "../keys?x" } });
    expect(sent[0]?.path).toBe("/v2/inbox/..%2Fkeys%3Fx");
  });

  it.each([
    [400, "BAD_CURSOR", "invalid"],
    [401, "SIGN_IN_REQUIRED", "signed-out"],
    [403, "SCOPE", "forbidden"],
    [404, "NOT_FOUND", "not-found"],
    [409, "LAST_OWNER", "conflict"],
    [410, "GONE", "conflict"],
    [422, "WEAK_PASSWORD", "invalid"],
    [429, "RATE_LIMITED", "too-many"],
    [500, "INTERNAL", "unavailable"],
    [503, "OUTCOME_UNKNOWN", "outcome-unknown"],
    [503, "NOT_READY", "unavailable"],
  ])("distinguishes status %i with code %s as %s", async (status, code, kind) => {
    const body = { message: "why", code, errors: [{ path: "/name", message: "is empty" }], request_id: "r-1" };
    const { api } = serving(() => json(body, status, { "retry-after": "7" }));
    const facts = await failure(api.call("createKey", { name: "" }));
    expect(facts).toMatchObject({ kind, status, code, message: "why", requestId: "r-1", retryAfter: 7 });
    expect(facts.findings).toEqual([{ path: "/name", message: "is empty", code: "", values: {} }]);
  });

  it("reads the code and the values of a finding, and no values of other kinds", async () => {
    const values = { name: "x", limit: 3, of: { a: 1 }, none: null };
    const body = { message: "why", code: "BAD", errors: [{ path: "", message: "is wrong", code: "TOO_LONG", values }] };
    const { api } = serving(() => json(body, 422));
    const { findings } = await failure(api.call("createKey", { name: "" }));
    expect(findings).toEqual([{ path: "", message: "is wrong", code: "TOO_LONG", values: { name: "x", limit: 3 } }]);
  });

  it("does not know whether a POST arrived whose answer was lost", async () => {
    const { api } = serving(() => Promise.reject(new TypeError("failed to fetch")));
    expect((await failure(api.call("signOut", {}))).kind).toBe("outcome-unknown");
    expect((await failure(api.call("getKeys"))).kind).toBe("offline");
  });

  it("reports an answer that is no JSON, with the number of the request", async () => {
    const { api } = serving(() => new Response("<html>", { headers: { "x-request-id": "r-2" } }));
    expect(await failure(api.call("getKeys"))).toMatchObject({ kind: "unreadable", requestId: "r-2" });
  });

  it("throws what cancelled it, so that a screen that is left shows no problem", async () => {
    const { api } = serving(() => Promise.reject(new DOMException("left", "AbortError")));
    await expect(api.call("getKeys")).rejects.toBeInstanceOf(DOMException);
  });
});

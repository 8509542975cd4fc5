import { describe, expect, it, vi } from "vitest";
import { send, Unreachable } from "../src/shared/http";

function answering(make: () => Promise<Response>) {
  const fetched = vi.fn<typeof fetch>(make);
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

describe("a call", () => {
  it("posts JSON to the own server, without a referrer", async () => {
    const fetched = answering(async () => Response.json({ message: "recorded" }));
    expect(await send("/v2/inbox/t", { json: { data: {} } })).toEqual({ status: 200, body: { message: "recorded" } });
    const [path, init] = fetched.mock.calls[0] ?? [];
    expect(path).toBe("/v2/inbox/t");
    expect(init).toMatchObject({ method: "POST", body: '{"data":{}}', referrerPolicy: "no-referrer" });
    expect(init?.headers).toMatchObject({ "content-type": "application/json" });
  });

  it("gives null for a body that is not JSON", async () => {
    answering(async () => new Response("<html>", { status: 502 }));
    expect(await send("/x")).toEqual({ status: 502, body: null });
  });

  it("says that nothing came back", async () => {
    answering(async () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(send("/x")).rejects.toBeInstanceOf(Unreachable);
  });
});

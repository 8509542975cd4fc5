import { beforeEach, describe, expect, it } from "vitest";
import { canBeTried, curlOf, exampleOf, KeyHolder, tryView } from "../src/docs/trying";
import { type SendOptions, Unreachable } from "../src/shared/http";

const KEY = "lk_abcdefgh_secret";
const trigger = {
  security: [{ ApiKey: [] }],
  requestBody: { content: { "application/json": { schema: {}, example: { po: "4711" } } } },
  responses: { 200: { content: { "application/json": { schema: {}, example: { message: "success" } } } } },
};
const parameters = [
  { name: "workflow_id", in: "path", required: true, example: "a/b" },
  { name: "process_id", in: "query", required: false },
  { name: "Idempotency-Key", in: "header", required: false },
];
const operation = { method: "POST", path: "/v2/trigger/{workflow_id}", detail: trigger, parameters };

function typed(keys: KeyHolder): HTMLElement {
  const field = keys.field();
  const input = field.querySelector("input") as HTMLInputElement;
  input.value = ` ${KEY} `;
  input.dispatchEvent(new Event("input"));
  return field;
}

/** Sends as the page does, and returns what was sent and what the page shows then. */
async function sent(view: HTMLElement, calls: unknown[]): Promise<string> {
  view.querySelector("button")?.click();
  const answer = view.querySelector("[role=status]") as HTMLElement;
  for (let turns = 0; answer.hidden && turns < 100; turns += 1) await Promise.resolve();
  expect(calls.length).toBeLessThan(2);
  return answer.textContent ?? "";
}

describe("trying a call", () => {
  beforeEach(() => {
    localStorage.clear();
    sessionStorage.clear();
  });

  it("sends the filled-in call with the key, and shows status and answer", async () => {
    const calls: [string, SendOptions | undefined][] = [];
    const keys = new KeyHolder();
    typed(keys);
    const view = tryView(operation, keys, async (path, options) => {
      calls.push([path, options]);
      return { status: 200, body: { message: "success" } };
    });
    const process = view.querySelector("input[aria-label=process_id]") as HTMLInputElement;
    process.value = "PO 1&2";
    expect(await sent(view, calls)).toBe('200\n{\n  "message": "success"\n}');
    expect(calls).toEqual([
      [
        "/v2/trigger/a%2Fb?process_id=PO+1%262",
        { method: "POST", headers: { "x-api-key": KEY }, json: { po: "4711" } },
      ],
    ]);
  });

  it("keeps the key in memory alone: no storage, no address, no attribute, no command", async () => {
    const keys = new KeyHolder();
    const field = typed(keys);
    const view = tryView(operation, keys, async () => ({ status: 200, body: {} }));
    document.body.replaceChildren(field, view);
    await sent(view, []);
    expect(document.body.innerHTML).not.toContain(KEY);
    expect(document.cookie).toBe("");
    expect([localStorage.length, sessionStorage.length]).toEqual([0, 0]);
    expect(location.href).not.toContain(KEY);
    expect(field.querySelector("input")?.autocomplete).toBe("off");
    expect(new KeyHolder().headers()).toEqual({});
  });

  it("says what is wrong with a body, and when nothing answers", async () => {
    const view = tryView(operation, new KeyHolder(), async () => Promise.reject(new Unreachable()));
    const body = view.querySelector("textarea") as HTMLTextAreaElement;
    body.value = "{";
    expect(await sent(view, [])).toContain("The body is not JSON");
    body.value = "";
    const again = tryView(operation, new KeyHolder(), async () => Promise.reject(new Unreachable()));
    expect(await sent(again, [])).toBe("The server did not answer.");
  });

  it("writes the call for a shell, with quotes that the shell understands", () => {
    const attempt = { method: "POST", path: "/x", json: `{"a": "it's"}` };
    expect(curlOf(attempt, "http://127.0.0.1:8080", true)).toBe(
      `curl -X POST 'http://127.0.0.1:8080/x' \\\n  -H "x-api-key: $LOOPLY_API_KEY" \\\n` +
        `  -H "Content-Type: application/json" \\\n  -d '{"a": "it'\\''s"}'`,
    );
    expect(curlOf({ method: "GET", path: "/x", json: "" }, "http://h", false)).toBe("curl -X GET 'http://h/x'");
  });

  it("offers no stream, no page and no call with another credential", () => {
    const answering = (kind: string, security: unknown) => ({
      security,
      responses: { 200: { content: { [kind]: {} } } },
    });
    expect(canBeTried(answering("application/json", [{ ApiKey: [] }]))).toBe(true);
    expect(canBeTried(answering("application/json", undefined))).toBe(true);
    expect(canBeTried(answering("application/json", []))).toBe(true);
    expect(canBeTried(answering("text/event-stream", [{ ApiKey: [] }]))).toBe(false);
    expect(canBeTried(answering("text/html", []))).toBe(false);
    expect(canBeTried(answering("application/json", [{ MetricsToken: [] }]))).toBe(false);
  });

  it("shows the example of a body, and none where there is none", () => {
    expect(exampleOf(trigger.requestBody)).toBe('{\n  "po": "4711"\n}');
    expect(exampleOf({ content: {} })).toBeNull();
  });
});

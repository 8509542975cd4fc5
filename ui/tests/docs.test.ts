import { describe, expect, it, vi } from "vitest";
import { operationsOf, prose, resolve, show, sketch, start } from "../src/docs/main";

const api = {
  openapi: "3.1.0",
  info: { title: "Looply <b>API</b>", version: "1" },
  paths: {
    "/v2/workflows/triggerworkflow/{workflow_id}": {
      parameters: [],
      post: {
        tags: ["Executions"],
        summary: "Starts an execution",
        parameters: [{ $ref: "#/components/parameters/Id" }],
        requestBody: { content: { "application/json": { schema: {} } } },
        responses: {
          200: {
            description: "Started",
            content: { "application/json": { schema: { $ref: "#/components/schemas/Started" } } },
          },
        },
      },
    },
    "/healthz/live": { get: { summary: "Says `that` it lives" } },
  },
  components: {
    parameters: {
      Id: { name: "workflow_id", in: "path", required: true, schema: { type: "string" }, description: "Which" },
    },
    schemas: {
      Started: {
        type: "object",
        required: ["message"],
        properties: {
          message: { const: "success" },
          status: { enum: ["RUNNING", "WAITING"] },
          inner: { type: "array", items: { $ref: "#/components/schemas/Started" } },
          either: { anyOf: [{ type: "string" }, { type: "null" }] },
        },
      },
    },
  },
};

describe("the API page", () => {
  it("groups operations by their tag", () => {
    const groups = operationsOf(api);
    expect([...groups.keys()]).toEqual(["Executions", "Operations"]);
    expect(groups.get("Operations")?.[0]).toMatchObject({ method: "GET", path: "/healthz/live" });
  });

  it("sketches a schema, and stops where it comes back to itself", () => {
    expect(sketch(api, { $ref: "#/components/schemas/Started" })).toEqual({
      message: "success",
      "status?": "RUNNING | WAITING",
      "inner?": ["…"],
      "either?": "string | null",
    });
  });

  it("gives an empty object for a reference to nowhere, or to itself", () => {
    expect(resolve(api, { $ref: "#/components/none" })).toEqual({});
    expect(resolve({ a: { $ref: "#/a" } }, { $ref: "#/a" })).toEqual({ $ref: "#/a" });
  });

  it("shows text between backticks as code, and a lone backtick as it is", () => {
    const line = document.createElement("p");
    line.append(...prose("the header `x-api-key` or <b>`"));
    expect(line.innerHTML).toBe("the header <code>x-api-key</code> or &lt;b&gt;`");
  });

  it("shows parameters and bodies as text, and finds operations", () => {
    const root = document.createElement("main");
    show(root, api);
    expect(root.querySelector("b")).toBeNull();
    const lines = [...root.querySelectorAll("summary")].map((line) => line.textContent);
    expect(lines).toEqual([
      "POST/v2/workflows/triggerworkflow/{workflow_id}Starts an execution",
      "GET/healthz/liveSays that it lives",
    ]);
    expect(root.querySelector("tbody")?.textContent).toBe("workflow_id *pathstringWhich");
    expect(root.querySelector("pre")?.textContent).toBe("any JSON value");
    const search = root.querySelector<HTMLInputElement>("input[type=search]");
    if (search === null) throw new Error("there is no search");
    search.value = "lives";
    search.dispatchEvent(new Event("input"));
    expect([...root.querySelectorAll("details")].map((view) => view.hidden)).toEqual([true, false]);
    expect(root.querySelector("[role=status]")?.textContent).toBe("");
    search.value = "Nowhere";
    search.dispatchEvent(new Event("input"));
    expect([...root.querySelectorAll("section")].every((group) => group.hidden)).toBe(true);
    expect(root.querySelector("[role=status]")?.textContent).toContain("No operation has “nowhere”");
  });

  it("says why it cannot show the description", async () => {
    const root = document.createElement("main");
    vi.stubGlobal("fetch", async () => new Response("", { status: 500 }));
    await start(root);
    expect(root.textContent).toBe("The server answered 500 for /openapi.json.");
    vi.stubGlobal("fetch", async () => Promise.reject(new TypeError()));
    await start(root);
    expect(root.querySelector("[role=alert]")?.textContent).toBe("The server did not answer.");
  });
});

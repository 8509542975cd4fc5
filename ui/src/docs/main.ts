/** Lists the operations of /openapi.json readably. */

import { element } from "../shared/dom";
import { isObject, type JsonObject, send, textOf, Unreachable } from "../shared/http";
import { canBeTried, exampleOf, KeyHolder, tryView } from "./trying";

const METHODS = ["get", "post", "put", "patch", "delete"];
const MAX_DEPTH = 8;

export interface Operation {
  method: string;
  path: string;
  detail: JsonObject;
}

/** Returns the operations in the order of the document, those of one tag side by side. */
export function operationsOf(api: JsonObject): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const [path, methods] of Object.entries(isObject(api.paths) ? api.paths : {})) {
    for (const [method, detail] of Object.entries(isObject(methods) ? methods : {})) {
      if (!METHODS.includes(method) || !isObject(detail)) continue;
      const tag = (Array.isArray(detail.tags) ? textOf(detail.tags[0]) : null) ?? "Operations";
      groups.set(tag, [...(groups.get(tag) ?? []), { method: method.toUpperCase(), path, detail }]);
    }
  }
  return groups;
}

/** Returns what a local `$ref` points at; anything else as it is. */
export function resolve(api: JsonObject, value: unknown): JsonObject {
  let found: unknown = value;
  for (let hops = 0; isObject(found) && typeof found.$ref === "string" && hops < MAX_DEPTH; hops += 1) {
    const keys = found.$ref.replace(/^#\//, "").split("/");
    const plain = (key: string) => decodeURIComponent(key).replace(/~1/g, "/").replace(/~0/g, "~");
    found = keys.map(plain).reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), api);
  }
  return isObject(found) ? found : {};
}

/** Returns a schema as a short sketch: `{"name": "string", "tags?": ["string"]}`. */
export function sketch(api: JsonObject, schema: unknown, seen: readonly JsonObject[] = []): unknown {
  const found = resolve(api, schema);
  if (seen.includes(found) || seen.length > MAX_DEPTH) return "…";
  const inside = [...seen, found];
  if (Array.isArray(found.enum)) return found.enum.join(" | ");
  if ("const" in found) return found.const;
  for (const key of ["oneOf", "anyOf", "allOf"]) {
    const choices = found[key];
    if (Array.isArray(choices)) {
      const sketches = choices.map((choice) => sketch(api, choice, inside));
      return sketches.every((item) => typeof item === "string") ? sketches.join(" | ") : sketches.find(isObject);
    }
  }
  if (isObject(found.properties)) {
    const required = Array.isArray(found.required) ? found.required : [];
    const named = Object.entries(found.properties).map(([name, value]) => [
      required.includes(name) ? name : `${name}?`,
      sketch(api, value, inside),
    ]);
    return Object.fromEntries(named);
  }
  if ("items" in found) return [sketch(api, found.items, inside)];
  return Array.isArray(found.type) ? found.type.join(" | ") : (textOf(found.type) ?? "any");
}

/** Returns a text with the parts between backticks as code. */
export function prose(text: string): (Node | string)[] {
  return text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 1 ? element("code", {}, part) : part));
}

/** Returns a path that a narrow screen breaks behind its slashes. */
function breakable(path: string): (Node | string)[] {
  return path.split(/(?<=\/)/).flatMap((part) => [part, element("wbr")]);
}

function resolvedParameters(api: JsonObject, detail: JsonObject): JsonObject[] {
  return (Array.isArray(detail.parameters) ? detail.parameters : []).map((item) => resolve(api, item));
}

function parametersOf(api: JsonObject, detail: JsonObject): HTMLElement | null {
  const parameters = resolvedParameters(api, detail);
  if (parameters.length === 0) return null;
  const rows = parameters.map((parameter) => {
    const name = element("code", {}, String(parameter.name));
    if (parameter.required === true) name.append(element("span", { class: "required", title: "required" }, " *"));
    const type = String(sketch(api, parameter.schema));
    const cells = [[name], [String(parameter.in)], [type], prose(textOf(parameter.description) ?? "")];
    return element("tr", {}, ...cells.map((cell) => element("td", {}, ...cell)));
  });
  const head = ["Parameter", "In", "Type", "Meaning"].map((title) => element("th", { scope: "col" }, title));
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}

function bodyOf(api: JsonObject, title: string, holder: unknown): HTMLElement | null {
  const { content, description } = resolve(api, holder);
  const kinds = Object.entries(isObject(content) ? content : {});
  const words = textOf(description);
  if (kinds.length === 0 && words === null) return null;
  const part = element("div", { class: "part" }, element("h3", {}, title), ...prose(words === null ? "" : ` ${words}`));
  for (const [type, media] of kinds) {
    const shown = sketch(api, isObject(media) ? media.schema : {});
    if (shown === undefined) continue;
    const text =
      shown === "any" ? "any JSON value" : typeof shown === "string" ? shown : JSON.stringify(shown, null, 2);
    part.append(element("pre", { "aria-label": type, tabindex: "0" }, text));
  }
  const example = exampleOf(resolve(api, holder));
  if (example !== null) {
    const shown = element("pre", { "aria-label": `${title}: an example`, tabindex: "0" }, example);
    part.append(element("details", { class: "example" }, element("summary", {}, "Example"), shown));
  }
  return part;
}

/** Returns the section of one operation: what it takes, what it answers, and a form to try it. */
export function operationView(api: JsonObject, { method, path, detail }: Operation, keys: KeyHolder): HTMLElement {
  const summary = element(
    "summary",
    {},
    element("span", { class: `method ${method.toLowerCase()}` }, method),
    element("code", { class: "path" }, ...breakable(path)),
    element("span", { class: "short" }, ...prose(textOf(detail.summary) ?? "")),
  );
  const view = element("details", {}, summary);
  const words = textOf(detail.description);
  const responses = Object.entries(isObject(detail.responses) ? detail.responses : {});
  const parts = [
    words === null ? null : element("p", { class: "words" }, ...prose(words)),
    parametersOf(api, detail),
    detail.requestBody === undefined ? null : bodyOf(api, "Body", detail.requestBody),
    ...responses.map(([status, response]) => bodyOf(api, status, response)),
  ];
  view.append(...parts.filter((part) => part !== null));
  if (canBeTried(detail)) {
    // Made when it is opened: a page with eighty forms would be slow to begin.
    const make = () =>
      view.append(tryView({ method, path, detail, parameters: resolvedParameters(api, detail) }, keys));
    view.addEventListener("toggle", make, { once: true });
  }
  return view;
}

/** Shows the reference of the API with its search. */
export function show(root: HTMLElement, api: JsonObject): void {
  const info = isObject(api.info) ? api.info : {};
  const search = element("input", {
    type: "search",
    placeholder: "Find an operation",
    "aria-label": "Find an operation",
  });
  const keys = new KeyHolder();
  const groups = [...operationsOf(api)].map(([tag, operations]) =>
    element("section", {}, element("h2", {}, tag), ...operations.map((each) => operationView(api, each, keys))),
  );
  const nothing = element("p", { role: "status", class: "short" });
  search.addEventListener("input", () => filter(groups, nothing, search.value.trim().toLowerCase()));
  root.replaceChildren(
    element("h1", {}, textOf(info.title) ?? "HTTP API", " ", element("small", {}, textOf(info.version) ?? "")),
    element("p", { class: "words" }, ...prose(textOf(info.description) ?? "")),
    element("p", {}, "The description as a file: ", element("a", { href: "/openapi.json" }, "/openapi.json")),
    keys.field(),
    search,
    nothing,
    ...groups,
  );
}

/** Shows the operations whose line has the term, and says so when none has. */
function filter(groups: HTMLElement[], nothing: HTMLElement, term: string): void {
  for (const group of groups) {
    const all = [...group.querySelectorAll<HTMLDetailsElement>(":scope > details")];
    for (const view of all) {
      view.hidden = !(view.querySelector("summary")?.textContent ?? "").toLowerCase().includes(term);
    }
    group.hidden = all.every((view) => view.hidden);
  }
  const isEmpty = groups.every((group) => group.hidden);
  nothing.textContent = isEmpty ? `No operation has “${term}” in its path or its summary.` : "";
}

/** Loads the description and shows it, or says why it cannot. */
export async function start(root: HTMLElement): Promise<void> {
  let reason = "The server did not answer.";
  try {
    const { status, body } = await send("/openapi.json");
    if (status === 200 && isObject(body)) return show(root, body);
    reason = `The server answered ${status} for /openapi.json.`;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
  }
  root.replaceChildren(element("p", { role: "alert" }, reason));
}

const root = document.getElementById("docs");
if (root !== null) void start(root);

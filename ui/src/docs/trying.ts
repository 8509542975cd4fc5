/** "Try it": sends a call of the page to this server, with a key that stays in the memory of the page. */

import { element } from "../shared/dom";
import { isObject, type JsonObject, type Send, send, textOf, Unreachable } from "../shared/http";

const JSON_TYPE = "application/json";

/** The key that the reader has typed. It is in no storage, no address and no attribute, and a reload forgets it. */
export class KeyHolder {
  #key = "";

  /** Makes the field for the key. */
  field(): HTMLElement {
    const input = element("input", {
      type: "password",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": "API key",
      placeholder: "API key, to try calls",
    });
    input.addEventListener("input", () => {
      this.#key = input.value.trim();
    });
    const note = "The key stays in the memory of this page: it is stored nowhere, and a reload forgets it.";
    // A form, as browsers want for a field that hides what is typed; Enter sends it nowhere.
    const form = element("form", { class: "key" }, input, element("span", { class: "short" }, note));
    form.addEventListener("submit", (event) => event.preventDefault());
    return form;
  }

  headers(): Record<string, string> {
    return this.#key === "" ? {} : { "x-api-key": this.#key };
  }
}

/** A call as the reader has filled it in. `json` is the text of the body, empty without one. */
export interface Attempt {
  method: string;
  path: string;
  json: string;
}

/** Returns whether a call can be tried here: its answer is JSON that ends, and it needs a key or nothing. */
export function canBeTried(detail: JsonObject): boolean {
  const responses = isObject(detail.responses) ? detail.responses : {};
  const success = isObject(responses["200"]) ? responses["200"] : {};
  const kinds = isObject(success.content) ? Object.keys(success.content) : [];
  const schemes = (Array.isArray(detail.security) ? detail.security : []).flatMap((each) =>
    Object.keys(isObject(each) ? each : {}),
  );
  return kinds.length === 1 && kinds[0] === JSON_TYPE && schemes.every((scheme) => scheme === "ApiKey");
}

/** Returns the example of a body or of an answer as text, null when there is none. */
export function exampleOf(holder: unknown): string | null {
  const content = isObject(holder) && isObject(holder.content) ? holder.content : {};
  const media = content[JSON_TYPE];
  return isObject(media) && "example" in media ? JSON.stringify(media.example, null, 2) : null;
}

/** Returns the call as a command for a shell. The key is a variable of the shell there, never the key itself. */
export function curlOf({ method, path, json }: Attempt, origin: string, needsKey: boolean): string {
  const parts = [`curl -X ${method} ${inQuotes(origin + path)}`];
  if (needsKey) parts.push('-H "x-api-key: $LOOPLY_API_KEY"');
  if (json !== "") parts.push(`-H "Content-Type: ${JSON_TYPE}"`, `-d ${inQuotes(json)}`);
  return parts.join(" \\\n  ");
}

function inQuotes(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}

interface Field {
  name: string;
  isInPath: boolean;
  input: HTMLInputElement;
}

function fieldsOf(parameters: JsonObject[]): Field[] {
  return parameters
    .filter((parameter) => parameter.in === "path" || parameter.in === "query")
    .map((parameter) => {
      const name = String(parameter.name);
      const value = "example" in parameter ? String(parameter.example) : "";
      return {
        name,
        isInPath: parameter.in === "path",
        input: element("input", { "aria-label": name, placeholder: name, value }),
      };
    });
}

/** Returns the path with the values of the fields. A field that is left empty is left out of the query. */
function withValues(path: string, fields: Field[]): string {
  const query = new URLSearchParams();
  let found = path;
  for (const { name, isInPath, input } of fields) {
    if (isInPath) found = found.replace(`{${name}}`, encodeURIComponent(input.value));
    else if (input.value !== "") query.append(name, input.value);
  }
  const asked = query.toString();
  return asked === "" ? found : `${found}?${asked}`;
}

/** Makes the part of an operation that shows the call for a shell, and sends it. */
export function tryView(
  { method, path, detail, parameters }: { method: string; path: string; detail: JsonObject; parameters: JsonObject[] },
  keys: KeyHolder,
  call: Send = send,
): HTMLElement {
  const fields = fieldsOf(parameters);
  const example = exampleOf(detail.requestBody);
  const body = element("textarea", { rows: "8", spellcheck: "false", "aria-label": "Body" });
  body.value = example ?? "";
  const needsKey = !(Array.isArray(detail.security) && detail.security.length === 0);
  const attempt = (): Attempt => ({ method, path: withValues(path, fields), json: body.value.trim() });
  const shell = element("pre", { "aria-label": "The call for a shell", tabindex: "0" });
  const refresh = () => {
    shell.textContent = curlOf(attempt(), location.origin, needsKey);
  };
  for (const { input } of fields) input.addEventListener("input", refresh);
  body.addEventListener("input", refresh);
  refresh();
  const button = element("button", { type: "button" }, "Send");
  const answer = element("pre", { role: "status", "aria-label": "The answer", tabindex: "0" });
  answer.hidden = true;
  button.addEventListener("click", async () => {
    button.disabled = true;
    answer.textContent = await outcomeOf(attempt(), keys, call);
    answer.hidden = false;
    button.disabled = false;
  });
  const rows = fields.map(({ name, input }) => element("label", { class: "field" }, element("code", {}, name), input));
  const parts = [...rows, ...(example === null ? [] : [body]), shell, button, answer];
  return element(
    "div",
    { class: "part try" },
    element("h3", {}, "Try it"),
    " on this server: the call is real.",
    ...parts,
  );
}

async function outcomeOf({ method, path, json }: Attempt, keys: KeyHolder, call: Send): Promise<string> {
  let value: unknown;
  try {
    value = json === "" ? undefined : JSON.parse(json);
  } catch (error) {
    return `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  try {
    const options = { method, headers: keys.headers(), ...(value === undefined ? {} : { json: value }) };
    const { status, body } = await call(path, options);
    return `${status}\n${textOf(body) ?? JSON.stringify(body, null, 2)}`;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    return "The server did not answer.";
  }
}

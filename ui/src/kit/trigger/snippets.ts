/** Calls of a trigger for those who write the caller: a shell, ABAP, a flow of Power Automate. Pure. */

import { ExactNumber, parseExact, prettyExact } from "../../shared/exact";
import { isObject } from "../../shared/http";

export const LANGUAGES = ["curl", "abap", "automate"] as const;
export type SnippetLanguage = (typeof LANGUAGES)[number];

/** Returns the address by which other programs start a workflow; without a version the newest active one runs. */
export function triggerUrl(origin: string, workflowId: string, version?: number): string {
  const url = `${origin}/v2/workflows/triggerworkflow/${encodeURIComponent(workflowId)}`;
  return version === undefined ? url : `${url}/${version}`;
}

/** Returns the address to which a test payload of a version is sent; nothing runs. */
export function testUrl(origin: string, workflowId: string, version: number): string {
  return `${triggerUrl(origin, workflowId, version)}?test=true`;
}

/** Returns how a program calls an address with a body; null or an empty text is none. The key is never part of it.
 *
 * The body is sent as it is given, also when it is not JSON; only line breaks between members of JSON may be left out.
 */
export function snippetOf(language: SnippetLanguage, url: string, body: string | null): string {
  return WRITERS[language](url, body === "" ? null : body);
}

const WRITERS: Readonly<Record<SnippetLanguage, (url: string, body: string | null) => string>> = {
  curl: curlOf,
  abap: abapOf,
  automate: automateOf,
};

function curlOf(url: string, body: string | null): string {
  const parts = [`curl -X POST ${shellQuoted(url)}`, '-H "x-api-key: $LOOPLY_API_KEY"'];
  // With `-d`, a body that begins with an at sign would be the name of a file.
  if (body !== null) parts.push('-H "Content-Type: application/json"', `--data-raw ${shellQuoted(body)}`);
  return parts.join(" \\\n  ");
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Classic ABAP with an RFC destination LOOPLY. One of SM59 has no headers, so that the program adds the key. */
function abapOf(url: string, body: string | null): string {
  const { pathname, search } = new URL(url);
  return [
    '" lv_api_key: the API key, read from the secure store',
    "cl_http_client=>create_by_destination( EXPORTING destination = 'LOOPLY'",
    "                                       IMPORTING client      = DATA(lo_client) ).",
    "cl_http_utility=>set_request_uri( request = lo_client->request",
    `                                  uri     = ${abapText(pathname + search)} ).`,
    "lo_client->request->set_method( 'POST' ).",
    "lo_client->request->set_header_field( name = 'x-api-key' value = lv_api_key ).",
    ...(body === null
      ? []
      : [
          "lo_client->request->set_content_type( 'application/json; charset=utf-8' ).",
          `lo_client->request->set_cdata( ${abapText(readJson(body) === undefined ? body : onOneLine(body))} ).`,
        ]),
    "lo_client->send( ).",
    "lo_client->receive( ).",
    "lo_client->response->get_status( IMPORTING code = DATA(lv_status) ).",
  ].join("\n");
}

/** UTF-16 units of a literal, backquotes doubled. ABAP permits 255 in a literal, and in a line. */
const LONGEST_LITERAL = 200;
const CONTROLS: Readonly<Record<string, string>> = {
  "\r\n": "cl_abap_char_utilities=>cr_lf",
  "\r": "cl_abap_char_utilities=>cr_lf(1)",
  "\n": "cl_abap_char_utilities=>newline",
  "\t": "cl_abap_char_utilities=>horizontal_tab",
};

/** Returns a text as literals that are put together, since a literal is short and has no line breaks. */
function abapText(text: string): string {
  const parts = text.split(/(\r\n|[\r\n\t])/).filter((part) => part !== "");
  const terms = parts.flatMap((part) => CONTROLS[part] ?? literalsOf(part));
  return terms.join(" &&\n    ");
}

function literalsOf(text: string): string[] {
  const found: string[] = [];
  let literal = "";
  for (const sign of text.replaceAll("`", "``").match(/``|./gsu) ?? []) {
    if (literal.length + sign.length > LONGEST_LITERAL) {
      found.push(literal);
      literal = "";
    }
    literal += sign;
  }
  return [...found, literal].map((each) => `\`${each}\``);
}

/** Returns JSON without line breaks, which lie between its members: a text of JSON has none. */
function onOneLine(json: string): string {
  return json.replaceAll(/[ \t]*[\r\n][ \t\r\n]*/g, " ").trim();
}

/** The action "HTTP" of Power Automate, as it is pasted into a flow; the key is a parameter of the flow. */
function automateOf(url: string, body: string | null): string {
  const inputs = { method: "POST", uri: url, headers: { "x-api-key": "@parameters('LooplyApiKey')" } };
  if (body === null) return prettyExact({ type: "Http", inputs });
  const value = readJson(body);
  const headers = { ...inputs.headers, "Content-Type": "application/json" };
  // Only an object or a list is written as JSON by a flow; any other body is sent as the text that it is.
  const sent = withoutExpressions(Array.isArray(value) || isObject(value) ? value : body);
  return prettyExact({ type: "Http", inputs: { ...inputs, headers, body: sent } });
}

/** Returns a value that a flow reads without expressions: `@` at the start of a text or name, and `@{`, are doubled. */
function withoutExpressions(value: unknown): unknown {
  if (typeof value === "string") return literalText(value);
  if (Array.isArray(value)) return value.map(withoutExpressions);
  if (value instanceof ExactNumber || !isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [literalText(name), withoutExpressions(member)]),
  );
}

function literalText(text: string): string {
  return text.replaceAll(/^@|@(?=\{)/g, "@@");
}

/** Returns the value of a JSON text with all its digits, undefined for a text that is none. */
function readJson(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

/** A `curl` command as the settings of an HTTP request, as browsers and manuals give it. */

import { ExactNumber, NotJson, parseExact } from "../../../shared/exact";
import type { JsonObject } from "../../../shared/http";

/** Options whose value is not needed. */
const WITH_VALUE: readonly string[] = [
  "-o",
  "--output",
  "-m",
  "--max-time",
  "--connect-timeout",
  "-A",
  "--user-agent",
  "-e",
  "--referer",
  "-b",
  "--cookie",
  "-c",
  "--cookie-jar",
  "-x",
  "--proxy",
  "--cacert",
  "--cert",
  "--key",
  "-w",
  "--write-out",
  "--retry",
  "-T",
];
const DATA: readonly string[] = ["-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json"];

/** Returns the settings, null for a text that is no such command. A password of `-u` is left out. */
export function curlStep(text: string): JsonObject | null {
  const words = wordsOf(text.trim());
  if (words === null || !/^curl(\.exe)?$/.test(words[0] ?? "")) return null;
  const found = { url: "", method: "", headers: {} as Record<string, string>, data: [] as string[], isGet: false };
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] ?? "";
    const [name, joined] = optionOf(word);
    const value = (): string => {
      if (joined !== null) return joined;
      at += 1;
      return words[at] ?? "";
    };
    if (name === "-X" || name === "--request") found.method = value().toUpperCase();
    else if (name === "-H" || name === "--header") addHeader(found.headers, value());
    else if (DATA.includes(name)) {
      found.data.push(value());
      if (name === "--json") found.headers["content-type"] ??= "application/json";
    } else if (name === "--url") found.url = value();
    else if (name === "-G" || name === "--get") found.isGet = true;
    else if (name === "-I" || name === "--head") found.method = "HEAD";
    else if (name === "-u" || name === "--user" || WITH_VALUE.includes(name)) value();
    else if (!word.startsWith("-") && found.url === "") found.url = word;
  }
  return found.url === "" ? null : settingsFrom(found);
}

interface Found {
  url: string;
  method: string;
  headers: Record<string, string>;
  data: string[];
  isGet: boolean;
}

function settingsFrom({ url, method, headers, data, isGet }: Found): JsonObject {
  const body = data.join("&");
  const address = /^[a-z]+:\/\//i.test(url) ? url : `http://${url}`;
  if (isGet && body !== "") {
    const mark = address.includes("?") ? "&" : "?";
    return { method: method || "GET", url: `${address}${mark}${body}`, ...withHeaders(headers) };
  }
  const verb = method || (body === "" ? "GET" : "POST");
  return { method: verb, url: address, ...withHeaders(headers), ...bodyOf(body, headers) };
}

function withHeaders(headers: Record<string, string>): JsonObject {
  return Object.keys(headers).length === 0 ? {} : { headers };
}

function bodyOf(body: string, headers: Record<string, string>): JsonObject {
  if (body === "") return {};
  try {
    const value = parseExact(body);
    // A number alone is more likely a text.
    if (typeof value === "object" && value !== null && !(value instanceof ExactNumber)) return { body: value };
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
  }
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const isForm = type === "" || type.includes("urlencoded");
  if (!isForm) return { body_type: "raw", body };
  return { body_type: "urlencoded", body: Object.fromEntries(new URLSearchParams(body)) };
}

/** `-XPOST` and `--request=POST` have their value within. */
function optionOf(word: string): [name: string, value: string | null] {
  if (/^-[XHdu]./.test(word)) return [word.slice(0, 2), word.slice(2)];
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at === -1 ? [word, null] : [word.slice(0, at), word.slice(at + 1)];
}

function addHeader(headers: Record<string, string>, line: string): void {
  const at = line.indexOf(":");
  if (at > 0) headers[line.slice(0, at).trim().toLowerCase()] = line.slice(at + 1).trim();
}

/** Splits as a shell does; null where a quote is not closed. */
function wordsOf(text: string): string[] | null {
  if (!text.startsWith("curl")) return null;
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  const joined = text.replaceAll(/(?:\\|\^|`)\r?\n/g, " ");
  for (let at = 0; at < joined.length; at += 1) {
    const mark = joined[at] ?? "";
    if (quote !== "") {
      if (mark === quote) quote = "";
      else if (mark === "\\" && quote === '"') word = (word ?? "") + (joined[++at] ?? "");
      else word = (word ?? "") + mark;
    } else if (mark === "'" || mark === '"') {
      quote = mark;
      word ??= "";
      // `$'...'` of a shell is read as a plain quote.
      if (word.endsWith("$")) word = word.slice(0, -1);
    } else if (/\s/.test(mark)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (mark === "\\") word = (word ?? "") + (joined[++at] ?? "");
    else word = (word ?? "") + mark;
  }
  if (word !== null) words.push(word);
  return quote === "" ? words : null;
}

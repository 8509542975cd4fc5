/** What starts a workflow, in words, and how other programs call it. */

import { isObject, type JsonObject, textOf } from "../shared/http";

export interface TriggerWords {
  called: string;
  daily: (time: string) => string;
  weekly: (days: string, time: string) => string;
  monthly: (day: string, time: string) => string;
  everyMinutes: (count: number) => string;
  every: (duration: string) => string;
  cron: (text: string) => string;
  dayNames: readonly string[];
  inZone: (text: string, zone: string) => string;
}

const NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const SIMPLE_DAYS = /^(?:[0-7]|[A-Z]{3})(?:-(?:[0-7]|[A-Z]{3}))?$/;

/** Returns a schedule in words; what has no simple words is shown as its author wrote it. */
export function scheduleText(schedule: unknown, words: TriggerWords): string {
  if (!isObject(schedule)) return words.called;
  const cron = textOf(schedule.cron);
  const every = textOf(schedule.every);
  const text = cron !== null && cron !== undefined ? cronText(cron, words) : words.every(every ?? "");
  const zone = textOf(schedule.timezone);
  return zone ? words.inZone(text, zone) : text;
}

function cronText(cron: string, words: TriggerWords): string {
  const fields = cron.trim().toUpperCase().split(/\s+/);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  if (fields.length !== 5 || month !== "*") return words.cron(cron);
  const each = /^\*\/(\d+)$/.exec(minute);
  if (each !== null && [hour, day, weekday].every((field) => field === "*")) return words.everyMinutes(Number(each[1]));
  if (!/^\d+$/.test(minute) || !/^\d+$/.test(hour)) return words.cron(cron);
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  if (day === "*" && weekday === "*") return words.daily(time);
  if (day === "*" && SIMPLE_DAYS.test(weekday)) return words.weekly(daysText(weekday, words), time);
  if (/^\d+$/.test(day) && weekday === "*") return words.monthly(day, time);
  return words.cron(cron);
}

function daysText(field: string, { dayNames }: TriggerWords): string {
  const nameOf = (day: string): string => dayNames[(NAMES.includes(day) ? NAMES.indexOf(day) : Number(day)) % 7] ?? day;
  return field.split("-").map(nameOf).join("–");
}

/** Returns the settings of the first step, which says what starts a workflow. */
export function triggerOf(steps: readonly unknown[]): JsonObject {
  const found = steps.filter(isObject).find(({ type }) => type === "trigger");
  return found !== undefined && isObject(found.settings) ? found.settings : {};
}

/** Returns whether a workflow starts by itself. */
export function isScheduled(trigger: JsonObject): boolean {
  return trigger.trigger_type === "SCHEDULED";
}

/** Returns the address by which other programs start a workflow; without a version the newest active one runs. */
export function triggerUrl(origin: string, workflowId: string): string {
  return `${origin}/v2/workflows/triggerworkflow/${encodeURIComponent(workflowId)}`;
}

export interface Snippet {
  id: "curl" | "abap" | "automate";
  text: string;
}

/** Returns how other programs call a workflow with a body. The key is never part of it. */
export function snippetsOf(url: string, body: string): readonly Snippet[] {
  const path = new URL(url).pathname;
  const curl = [
    `curl -X POST '${url}' \\`,
    '  -H "x-api-key: $LOOPLY_API_KEY" -H "Content-Type: application/json" \\',
    `  -d ${shellQuoted(body)}`,
  ].join("\n");
  const abap = [
    '" lo_client: an HTTP client of the destination of Looply; the key is a header of the destination',
    `cl_http_utility=>set_request_uri( request = lo_client->request uri = \`${path}\` ).`,
    "lo_client->request->set_method( `POST` ).",
    "lo_client->request->set_content_type( `application/json` ).",
    `lo_client->request->set_cdata( ${abapText(body)} ).`,
    "lo_client->send( ).",
    "lo_client->receive( ).",
  ].join("\n");
  const automate = JSON.stringify(
    {
      method: "POST",
      uri: url,
      headers: { "Content-Type": "application/json", "x-api-key": "@parameters('looply_api_key')" },
      body: parsed(body),
    },
    null,
    2,
  );
  return [
    { id: "curl", text: curl },
    { id: "abap", text: abap },
    { id: "automate", text: automate },
  ];
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** An ABAP text literal; one has no line breaks and at most 255 characters, so that it is put together of several. */
function abapText(text: string): string {
  const flat = text.replaceAll(/\s*\n\s*/g, " ");
  const parts = flat.match(/.{1,200}/gu) ?? [""];
  return parts.map((part) => `\`${part.replaceAll("`", "``")}\``).join(" &&\n    ");
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

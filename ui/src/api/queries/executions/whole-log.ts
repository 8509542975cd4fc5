/** The whole log of an execution, which the server gives by pages. */

import { queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf, InputOf, Schema } from "../../types";
import { executionKey } from "./executions";

type Entry = Schema<"EventLog">["events"][number];
type Page = Pick<AnswerOf<"getExecutionLog">, "last_seq" | "workflow_event_log">;

export interface WholeLog {
  entries: readonly Entry[];
  /** The number of the last event that it knows, which may have no entry. */
  last: number;
}

/** Pages that are read at the same time: the server works on one while another is on its way. */
const AT_ONCE = 3;

/** The whole log. A later read continues after its last event. */
export const logQuery = (api: Api, executionId: string) =>
  queryOptions({
    queryKey: [...executionKey(executionId), "log"],
    queryFn: async ({ signal, client, queryKey }): Promise<WholeLog> => {
      const before = client.getQueryData<WholeLog>(queryKey);
      const read = (after: number): Promise<Page> => {
        const input: InputOf<"getExecutionLog"> = { workflow_execution_id: executionId, after };
        return api.call("getExecutionLog", input, { signal });
      };
      const { entries, last } = await readAfter(before?.last ?? 0, read);
      return { entries: [...(before?.entries ?? []), ...entries], last };
    },
    // Thousands of entries are compared one by one otherwise.
    structuralSharing: false,
  });

/** Returns the log after an event, up to the one that is the last when this is called. */
export async function readAfter(after: number, read: (after: number) => Promise<Page>): Promise<WholeLog> {
  const first = await read(after);
  const { events, after: next } = first.workflow_event_log;
  // A page without progress would be read for ever.
  if (next === undefined || next <= after) return { entries: events, last: Math.max(after, first.last_seq) };
  // The others are as long as the first one, so that it is known where each begins.
  const length = next - after;
  const count = Math.ceil((first.last_seq - next) / length);
  const spans = Array.from({ length: count }, (_, at) => next + at * length);
  const parts: Entry[][] = spans.map(() => []);
  const open = spans.entries();
  const work = async (): Promise<void> => {
    for (const [at, begin] of open) parts[at] = await readSpan(begin, Math.min(begin + length, first.last_seq), read);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { entries: [...events, ...parts.flat()], last: first.last_seq };
}

/** Returns the entries of the events after `begin`, up to `end`: a page may end before it, or go beyond. */
async function readSpan(begin: number, end: number, read: (after: number) => Promise<Page>): Promise<Entry[]> {
  const entries: Entry[] = [];
  let after: number | undefined = begin;
  while (after !== undefined && after < end) {
    const { events, after: next }: Page["workflow_event_log"] = (await read(after)).workflow_event_log;
    for (const entry of events) if (entry.seq <= end) entries.push(entry);
    after = next !== undefined && next > after ? next : undefined;
  }
  return entries;
}

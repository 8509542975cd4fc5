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
      // What shows the log draws nothing again where nothing has come.
      if (before !== undefined && entries.length === 0) return last === before.last ? before : { ...before, last };
      return { entries: before === undefined ? entries : [...before.entries, ...entries], last };
    },
    // Thousands of entries are compared one by one otherwise.
    structuralSharing: false,
  });

/** The events after `begin`, up to `end`. */
interface Span {
  begin: number;
  end: number;
}

/** Returns the log after an event, up to the one that is the last when this is called. */
export async function readAfter(after: number, read: (after: number) => Promise<Page>): Promise<WholeLog> {
  const first = await read(after);
  const { events, after: next } = first.workflow_event_log;
  const last = Math.max(after, first.last_seq);
  // A page without progress would be read for ever.
  if (next === undefined || next <= after) return { entries: events, last };
  const spans = new Spans({ begin: after, end: last }, next);
  const parts = [{ begin: after, entries: events }];
  const work = async (): Promise<void> => {
    for (let span = spans.next(); span !== null; span = spans.next()) {
      const page = (await read(span.begin)).workflow_event_log;
      const end = spans.take(span, page.after ?? last);
      parts.push({ begin: span.begin, entries: page.events.filter(({ seq }) => seq <= end) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { entries: parts.sort((a, b) => a.begin - b.begin).flatMap(({ entries }) => entries), last };
}

/** What is left to read of a log. Where a page ends is known when it has come only: the next ones are taken to be as long
 * as it. What a page lacks of its span is read by itself; what it has beyond it counts where that is not being read yet.
 */
class Spans {
  private readonly rests: Span[] = [];
  private begin: number;
  private length: number;

  /** `first` is where the first page has ended. */
  constructor(
    private readonly whole: Span,
    first: number,
  ) {
    this.begin = first;
    this.length = first - whole.begin;
  }

  next(): Span | null {
    const rest = this.rests.pop();
    if (rest !== undefined) return rest;
    if (this.begin >= this.whole.end) return null;
    const span = { begin: this.begin, end: Math.min(this.begin + this.length, this.whole.end) };
    this.begin = span.end;
    return span;
  }

  /** Takes where the page of a span has ended; returns up to where its events count. */
  take({ begin, end }: Span, reached: number): number {
    // A page without progress would be read for ever.
    if (reached <= begin) return end;
    const last = Math.min(reached, this.whole.end);
    if (last < this.whole.end) this.length = last - begin;
    if (last < end) this.rests.push({ begin: last, end });
    if (last <= end || this.begin !== end) return end;
    this.begin = last;
    return last;
  }
}

import { useEffect, useState } from "react";
import { useApi } from "../../api/context";
import type { AnswerOf } from "../../api/types";
import { pointsBefore, unitsBefore } from "./values";

export type Completion = AnswerOf<"completeExpression">["items"][number];

const WAIT_MS = 120;
const NONE: readonly Completion[] = [];
/** More are not read. */
const MOST = 12;

/** Returns the completions at the cursor of a text of a card. `at`: units of UTF-16, null while none are asked for. */
export function useCompletions(text: string, at: number | null, data: unknown): readonly Completion[] {
  const api = useApi();
  const [found, setFound] = useState(NONE);
  useEffect(() => {
    if (at === null || data === undefined) return setFound(NONE);
    const abort = new AbortController();
    const look = async (): Promise<void> => {
      try {
        const input = { card: text, position: pointsBefore(text, at), data };
        const { items } = await api.call("completeExpression", input, { signal: abort.signal });
        if (!abort.signal.aborted) setFound(items.slice(0, MOST));
      } catch {
        if (!abort.signal.aborted) setFound(NONE);
      }
    };
    const timer = setTimeout(() => void look(), WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [api, text, at, data]);
  return found;
}

/** Returns a text with a completion, and where the cursor is then. */
export function withCompletion(text: string, { insert, position, length }: Completion): { text: string; at: number } {
  const from = unitsBefore(text, position);
  const to = unitsBefore(text, position + length);
  return { text: text.slice(0, from) + insert + text.slice(to), at: from + insert.length };
}

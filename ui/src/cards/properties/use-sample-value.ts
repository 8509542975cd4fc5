import { useEffect, useState } from "react";
import type { Api } from "../../api/client";
import { useApi } from "../../api/context";
import type { AnswerOf } from "../../api/types";

export interface SampleValue {
  value: unknown;
  error: AnswerOf<"evaluateExpression">["error"];
}

const WAIT_MS = 200;

/** Returns the data that a part sees: of the first item, where it is repeated. Undefined until they are known. */
export function useScopedData(scopes: readonly unknown[], data: unknown): unknown {
  const api = useApi();
  const key = JSON.stringify(scopes);
  const [scoped, setScoped] = useState<unknown>(scopes.length === 0 ? data : undefined);
  useEffect(() => {
    const abort = new AbortController();
    const lists = JSON.parse(key) as unknown[];
    const find = async (): Promise<void> => {
      const found = await scopedData(api, lists, data, abort.signal).catch(() => undefined);
      if (!abort.signal.aborted) setScoped(found);
    };
    if (lists.length === 0) setScoped(data);
    else void find();
    return () => abort.abort();
  }, [api, key, data]);
  return scoped;
}

async function scopedData(api: Api, lists: readonly unknown[], data: unknown, signal: AbortSignal): Promise<unknown> {
  let scoped = data;
  for (const list of lists) {
    const value =
      typeof list === "string"
        ? (await api.call("evaluateExpression", { card: list, data: scoped }, { signal })).value
        : list;
    scoped = Array.isArray(value) ? value[0] : value;
  }
  return scoped;
}

/** Returns the value of a text of a card on data. The last one stays while it is computed again. */
export function useSampleValue(text: string, data: unknown): SampleValue | null {
  const api = useApi();
  const [found, setFound] = useState<SampleValue | null>(null);
  useEffect(() => {
    if (data === undefined || !text.includes("${")) return setFound(null);
    const abort = new AbortController();
    const look = async (): Promise<void> => {
      try {
        const { value, error } = await api.call("evaluateExpression", { card: text, data }, { signal: abort.signal });
        if (!abort.signal.aborted) setFound({ value, error });
      } catch {
        // The picture says that the server does not answer.
        if (!abort.signal.aborted) setFound(null);
      }
    };
    const timer = setTimeout(() => void look(), WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [api, text, data]);
  return found;
}

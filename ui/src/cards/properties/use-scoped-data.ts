import { useEffect, useState } from "react";
import type { Api } from "../../api/client";
import { useApi } from "../../api/context";

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

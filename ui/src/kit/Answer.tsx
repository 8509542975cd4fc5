/** Shows the answer of a query in each of its states. Data that is there stays while it is read again. */

import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Loading } from "./states/Loading";
import { Problem } from "./states/Problem";

interface AnswerProps<Data> {
  query: UseQueryResult<Data>;
  /** Rows of the outline that is shown while the first answer loads. */
  rows?: number;
  words?: Readonly<Record<string, string>>;
  children: (data: Data) => ReactNode;
}

export function Answer<Data>({ query, rows = 4, words = {}, children }: AnswerProps<Data>) {
  const { data, error, refetch } = query;
  const retry = (): void => void refetch();
  if (data === undefined) {
    if (error !== null) return <Problem error={error} words={words} onRetry={retry} />;
    return <Loading rows={rows} />;
  }
  return (
    <>
      {error !== null && <Problem error={error} words={words} onRetry={retry} shape="bar" />}
      {children(data)}
    </>
  );
}

/** A list that is read page by page, in each of its states. */

import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { TableFoot } from "./DataTable";
import { Loading } from "./states/Loading";
import { Problem } from "./states/Problem";

interface PagesProps<Item> {
  query: UseInfiniteQueryResult<InfiniteData<{ items: Item[] }>>;
  /** What is shown where there is no item. */
  empty: ReactNode;
  children: (items: readonly Item[]) => ReactNode;
}

export function Pages<Item>({ query, empty, children }: PagesProps<Item>) {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const retry = (): void => void refetch();
  if (data === undefined) return error === null ? <Loading rows={6} /> : <Problem error={error} onRetry={retry} />;
  const items = data.pages.flatMap((page) => page.items);
  return (
    <>
      {error !== null && <Problem error={error} onRetry={retry} shape="bar" />}
      {items.length === 0 ? empty : children(items)}
      {items.length > 0 && (
        <TableFoot
          count={items.length}
          hasMore={hasNextPage}
          isLoading={isFetchingNextPage}
          onMore={() => void fetchNextPage()}
        />
      )}
    </>
  );
}

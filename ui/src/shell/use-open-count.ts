import { useInfiniteQuery } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { myCardsQuery } from "../api/queries/inbox/inbox";
import { useMay } from "../session/session";

/** How often the number is read again on a screen that does not show the requests themselves. */
const LOOK_MS = 60_000;

/** Returns how many requests wait for the reader, such as `7` or `30+`; null for none. */
export function useOpenCount(): string | null {
  const query = { ...myCardsQuery(useApi()), enabled: useMay("own"), refetchInterval: LOOK_MS };
  const { data, hasNextPage } = useInfiniteQuery(query);
  const count = data?.pages.reduce((sum, { items }) => sum + items.length, 0) ?? 0;
  if (count === 0) return null;
  return count > 99 ? "99+" : `${count}${hasNextPage ? "+" : ""}`;
}

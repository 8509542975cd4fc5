import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { countsQuery } from "../api/queries/operations/operations";
import { useMay } from "../session/session";

/** How often the number is read again on a screen that does not show the incidents themselves. */
const LOOK_MS = 60_000;

/** Returns how many incidents are open, such as `7` or `99+`; null for none. */
export function useIncidentCount(): string | null {
  const query = { ...countsQuery(useApi()), enabled: useMay("read.executions"), refetchInterval: LOOK_MS };
  const { data } = useQuery(query);
  const count = Object.values(data?.item.incidents ?? {}).reduce((sum, each) => sum + each, 0);
  if (count === 0) return null;
  return count > 99 ? "99+" : String(count);
}

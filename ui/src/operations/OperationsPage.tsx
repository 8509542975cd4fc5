/** The frame of operations: its parts, each with how much waits there. */

import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { type Counts, countsQuery, targetsQuery } from "../api/queries/operations/operations";
import type { Permission } from "../api/types";
import { Page } from "../kit/Page";
import { type Tab, Tabs } from "../kit/Tabs";
import { Guarded } from "../session/Guarded";
import { useSession } from "../session/session";
import { useText } from "../text/language";
import { TEXTS } from "./text";

const TABS = [
  { id: "incidents", to: "/operations/incidents", permission: "read.executions" },
  { id: "systems", to: "/operations/systems", permission: "read.executions" },
  { id: "letters", to: "/operations/letters", permission: "read.payloads" },
  { id: "cards", to: "/operations/cards", permission: "read.executions" },
  { id: "bulks", to: "/operations/bulks", permission: "read.executions" },
  { id: "schedules", to: "/operations/schedules", permission: "read.definitions" },
] as const satisfies readonly (Omit<Tab, "text"> & { id: string; permission: Permission })[];

type TabId = (typeof TABS)[number]["id"];

export function OperationsPage() {
  return (
    <Guarded permission="read.executions">
      <Operations />
    </Guarded>
  );
}

function Operations() {
  const text = useText(TEXTS);
  const { permissions } = useSession();
  const counts = useTabCounts();
  const tabs = TABS.filter(({ permission }) => permissions.includes(permission)).map(({ id, to }) => ({
    to,
    text: text.tabs[id],
    count: counts[id] ?? 0,
    isRed: id === "incidents" || id === "systems",
  }));
  return (
    <Page title={text.title} tabs={<Tabs label={text.title} tabs={tabs} />}>
      <Outlet />
    </Page>
  );
}

/** Returns what is shown beside the names of the parts. */
function useTabCounts(): Partial<Record<TabId, number>> {
  const api = useApi();
  const counts = useQuery(countsQuery(api)).data?.item;
  const stopped = useQuery(targetsQuery(api)).data?.items.filter(({ state }) => state !== "UP").length ?? 0;
  if (counts === undefined) return { systems: stopped };
  return { incidents: incidentsOf(counts), systems: stopped, letters: counts.letters, cards: counts.cards };
}

/** Returns the number of open incidents of all kinds. */
export function incidentsOf({ incidents }: Counts): number {
  return Object.values(incidents).reduce((sum, count) => sum + count, 0);
}

/** The frame of what workflows read and call: datastores, calendars, connections. */

import { Outlet } from "@tanstack/react-router";
import type { Permission } from "../api/types";
import { Page } from "../kit/Page";
import { type Tab, Tabs } from "../kit/Tabs";
import { Guarded } from "../session/Guarded";
import { useSession } from "../session/session";
import { useText } from "../text/language";
import { TEXTS } from "./text";

const TABS = [
  { id: "datastores", to: "/data/datastores", permission: "read.definitions" },
  { id: "calendars", to: "/data/calendars", permission: "read.payloads" },
  { id: "connections", to: "/data/connections", permission: "read.definitions" },
] as const satisfies readonly (Omit<Tab, "text"> & { id: string; permission: Permission })[];

export function DataPage() {
  return (
    <Guarded permission="read.definitions">
      <Data />
    </Guarded>
  );
}

function Data() {
  const text = useText(TEXTS);
  const { permissions } = useSession();
  const tabs = TABS.filter(({ permission }) => permissions.includes(permission));
  return (
    <Page
      title={text.title}
      tabs={<Tabs label={text.title} tabs={tabs.map(({ id, to }) => ({ to, text: text.tabs[id] }))} />}
    >
      <Outlet />
    </Page>
  );
}

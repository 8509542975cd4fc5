/** The frame of administration: tabs for what the person may do. */

import { Outlet } from "@tanstack/react-router";
import type { Permission } from "../api/types";
import { Page } from "../kit/Page";
import { type Tab, Tabs } from "../kit/Tabs";
import { useSession } from "../session/session";
import { useText } from "../text/language";
import { TEXTS } from "./text";

export const ADMIN_TABS = [
  { id: "members", to: "/admin/members", permission: "members" },
  { id: "roles", to: "/admin/roles", permission: null },
  { id: "keys", to: "/admin/keys", permission: "keys" },
  { id: "notifications", to: "/admin/notifications", permission: "edit.connections" },
  { id: "teams", to: "/admin/teams", permission: "edit.connections" },
  { id: "audit", to: "/admin/audit", permission: "audit" },
  { id: "organization", to: "/admin/organization", permission: "organization" },
] as const satisfies readonly (Omit<Tab, "text"> & { id: string; permission: Permission | null })[];

export function AdminPage() {
  const text = useText(TEXTS);
  const { permissions } = useSession();
  const tabs = ADMIN_TABS.filter(({ permission }) => permission === null || permissions.includes(permission));
  return (
    <Page
      title={text.title}
      tabs={<Tabs label={text.title} tabs={tabs.map(({ id, to }) => ({ to, text: text.tabs[id] }))} />}
    >
      <Outlet />
    </Page>
  );
}

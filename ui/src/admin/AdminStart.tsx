import { Navigate } from "@tanstack/react-router";
import { useSession } from "../session/session";
import { ADMIN_TABS } from "./AdminPage";

/** Leads to the first part of administration that the person may see. */
export function AdminStart() {
  const { permissions } = useSession();
  const first = ADMIN_TABS.find(({ permission }) => permission === null || permissions.includes(permission));
  return <Navigate to={first?.to ?? "/admin/roles"} replace />;
}

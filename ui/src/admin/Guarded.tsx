import type { ReactNode } from "react";
import type { Permission } from "../api/types";
import { Forbidden } from "../kit/Forbidden";
import { useMay } from "../session/session";

/** A screen for people with a permission; the others read which one it is. */
export function Guarded({ permission, children }: { permission: Permission; children: ReactNode }) {
  return useMay(permission) ? children : <Forbidden permission={permission} />;
}

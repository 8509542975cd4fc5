import { Button, type ButtonProps, Tooltip } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useApi } from "../api/context";
import { administratorsQuery } from "../api/queries/admin/members";
import type { Permission } from "../api/types";
import { Forbidden } from "../kit/states/Forbidden";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { useMay } from "./session";

/** A screen for people with a permission; the others read which one it is, and who can give it. */
export function Guarded({ permission, children }: { permission: Permission; children: ReactNode }) {
  return useMay(permission) ? children : <Refusal permission={permission} />;
}

function Refusal({ permission }: { permission: Permission }) {
  const { data } = useQuery(administratorsQuery(useApi()));
  const people = (data?.items ?? []).map(({ name, email }) => (name ? `${name} (${email})` : email));
  return <Forbidden permission={permission} people={people} />;
}

/** A button for people with a permission; for the others it is disabled, and says which permission it needs. */
export function GuardedButton({ permission, ...button }: ButtonProps & { permission: Permission }) {
  const shared = useText(SHARED);
  if (useMay(permission)) return <Button {...button} />;
  return (
    <Tooltip content={shared.needsPermission(permission)} relationship="description">
      <Button {...button} disabledFocusable />
    </Tooltip>
  );
}

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useApi } from "../api/context";
import { administratorsQuery } from "../api/queries/members";
import type { Permission } from "../api/types";
import { Forbidden } from "../kit/states/Forbidden";
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

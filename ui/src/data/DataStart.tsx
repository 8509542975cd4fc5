import { Navigate } from "@tanstack/react-router";

/** The address of the whole leads to its first part. */
export function DataStart() {
  return <Navigate to="/data/datastores" replace />;
}

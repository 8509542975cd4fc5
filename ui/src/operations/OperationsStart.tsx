import { Navigate } from "@tanstack/react-router";

/** Operations begins with what has stopped. */
export function OperationsStart() {
  return <Navigate to="/operations/incidents" replace />;
}

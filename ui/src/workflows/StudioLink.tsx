import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** The Studio is a screen of its own, with the version in its address. */
const STUDIO = "/workflows/$workflowId/v/$version";

interface StudioLinkProps {
  workflowId: string;
  version: number;
  className?: string | undefined;
  children: ReactNode;
}

/** Opens a version in the Studio. */
export function StudioLink({ workflowId, version, className, children }: StudioLinkProps) {
  const params = { workflowId, version: String(version) };
  return (
    <Link to={STUDIO} params={params} preload={false} className={className}>
      {children}
    </Link>
  );
}

/** Returns what opens a version in the Studio. */
export function useOpenStudio(): (workflowId: string, version: number) => void {
  const navigate = useNavigate();
  return (workflowId, version) => {
    const params = { workflowId, version: String(version) };
    void navigate({ to: STUDIO, params });
  };
}

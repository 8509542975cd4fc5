import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { useTakeSession } from "../session/session";

interface Choice {
  organizationId: string;
  /** Its first workspace when it is left out. */
  workspaceId?: string;
}

/** Changes the organization or the workspace of the session. What the other one showed leaves the screen. */
export function useChooseOrganization() {
  const api = useApi();
  const takeSession = useTakeSession();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: ({ organizationId, workspaceId }: Choice) =>
      api.call("chooseOrganization", { organization_id: organizationId, workspace_id: workspaceId ?? null }),
    onSuccess: async (session) => {
      await navigate({ to: "/" });
      takeSession(session);
    },
  });
}

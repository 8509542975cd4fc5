import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { useTakeSession } from "../session/session";
import { sendUnsent } from "../shared/unsent";

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
    mutationFn: async ({ organizationId, workspaceId }: Choice) => {
      // The server changes the session before this page is left.
      if (!(await sendUnsent())) return null;
      return api.call("chooseOrganization", { organization_id: organizationId, workspace_id: workspaceId ?? null });
    },
    onSuccess: async (session) => {
      if (session === null) return;
      await navigate({ to: "/" });
      takeSession(session);
    },
  });
}

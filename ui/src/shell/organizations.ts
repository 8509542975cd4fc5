import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { useTakeSession } from "../session/session";

/** Changes the organization of the session. What the other one showed leaves the screen. */
export function useChooseOrganization() {
  const api = useApi();
  const takeSession = useTakeSession();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (organizationId: string) => api.call("chooseOrganization", { organization_id: organizationId }),
    onSuccess: async (session) => {
      await navigate({ to: "/" });
      takeSession(session);
    },
  });
}

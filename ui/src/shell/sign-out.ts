import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";

/** Ends the session and forgets all that was read in it. */
export function useSignOut() {
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = async (): Promise<void> => {
    api.setCsrf("");
    await navigate({ to: "/sign-in" });
    queries.clear();
  };
  return useMutation({
    mutationFn: () => api.call("signOut", {}),
    onSuccess: leave,
    onError: (error) => asCallError(error).kind === "signed-out" && leave(),
  });
}

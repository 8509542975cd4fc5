import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";
import { sessionQuery } from "../api/queries/session/session";
import { sendUnsent } from "../shared/unsent";

/** Ends the session and forgets all that was read in it. */
export function useSignOut() {
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = async (): Promise<void> => {
    api.setCsrf("");
    // First the session, so that the page of sign-in finds none.
    void queries.resetQueries({ queryKey: sessionQuery(api).queryKey });
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
    await navigate({ to: "/sign-in" });
  };
  return useMutation({
    mutationFn: async () => ((await sendUnsent()) ? api.call("signOut", {}) : null),
    onSuccess: (answer) => (answer === null ? undefined : leave()),
    onError: (error) => asCallError(error).kind === "signed-out" && leave(),
  });
}

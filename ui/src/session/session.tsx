/** Who is signed in, for all components below. */

import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext } from "react";
import { useApi } from "../api/context";
import { sessionQuery } from "../api/queries/session/session";
import type { AnswerOf, Permission } from "../api/types";
import { useSignedOutFlag } from "./signed-out";

export type Session = AnswerOf<"getSession">;

const SessionContext = createContext<Session | null>(null);

/** Gives all below it the session. */
export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <SessionContext value={session}>{children}</SessionContext>;
}

/** Returns who is signed in, where, with which permissions. Throws without a `SessionProvider` above. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("useSession needs a SessionProvider above");
  return session;
}

/** Returns whether the signed-in person has a permission, such as `keys`. */
export function useMay(permission: Permission): boolean {
  return useSession().permissions.includes(permission);
}

/** Returns a function that takes a new session, as sign-in and the choice of an organization answer it. */
export function useTakeSession(): (session: Session) => void {
  const api = useApi();
  const queries = useQueryClient();
  const flag = useSignedOutFlag();
  return useCallback(
    (session) => {
      api.setCsrf(session.csrf);
      const { queryKey } = sessionQuery(api);
      const before = queries.getQueryData(queryKey);
      queries.setQueryData(queryKey, session);
      flag.set(false);
      // What another person or organization has seen must not stay on the screen.
      const isSame =
        before?.user.user_id === session.user.user_id && before.organization.id === session.organization.id;
      // The page of an invitation is still there while it is left; its link has been used, and is not read again.
      const kept: readonly unknown[] = [queryKey[0], "invitation"];
      const others = { predicate: (query: { queryKey: readonly unknown[] }) => !kept.includes(query.queryKey[0]) };
      if (isSame) void queries.invalidateQueries(others);
      else queries.removeQueries(others);
    },
    [api, queries, flag],
  );
}

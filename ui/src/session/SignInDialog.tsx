/** Asks to sign in again over the screen as it is, when the session has ended. */

import { Dialog, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";
import { sessionQuery } from "../api/queries/session";
import { useText } from "../text/language";
import { useSession, useTakeSession } from "./session";
import { useIsSignedOut } from "./signed-out";
import { TEXTS } from "./text";
import { waysOf } from "./ways";

const SignInForm = lazy(async () => ({ default: (await import("./SignInForm")).SignInForm }));

export function SignInDialog() {
  return useIsSignedOut() ? <Asking /> : null;
}

function Asking() {
  const text = useText(TEXTS);
  const takeSession = useTakeSession();
  const session = useSession();
  const { pathname, searchStr } = useLocation();
  const { error } = useQuery(sessionQuery(useApi()));
  const ways = error === null ? session.sign_in : waysOf(asCallError(error));
  return (
    <Dialog open modalType="alert">
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{text.again}</DialogTitle>
          <DialogContent>
            <p>{text.againHint}</p>
            <Suspense>
              <SignInForm
                ways={ways}
                target={`${pathname}${searchStr}`}
                email={session.user.email}
                onSignedIn={takeSession}
              />
            </Suspense>
          </DialogContent>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** The dialog that asks to sign in again. */

import { Dialog, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";
import { sessionQuery } from "../api/queries/session/session";
import { useText } from "../text/language";
import { SignInForm } from "./SignInForm";
import { useSession, useTakeSession } from "./session";
import { TEXTS } from "./text";
import { waysOf } from "./ways";

export function SignInAgain() {
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
            <SignInForm
              ways={ways}
              target={`${pathname}${searchStr}`}
              email={session.user.email}
              onSignedIn={takeSession}
            />
          </DialogContent>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

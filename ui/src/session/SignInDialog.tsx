/** Asks to sign in again over the screen as it is, when the session has ended. */

import { lazy, Suspense } from "react";
import { useIsSignedOut } from "./signed-out";

const SignInAgain = lazy(async () => ({ default: (await import("./SignInAgain")).SignInAgain }));

export function SignInDialog() {
  const isSignedOut = useIsSignedOut();
  return <Suspense>{isSignedOut && <SignInAgain />}</Suspense>;
}

export const english = {
  email: "Email",
  password: "Password",
  showPassword: "Show",
  hidePassword: "Hide",
  forgotten: "Forgotten?",
  code: "Code of the authenticator app",
  codeHint: "Six digits",
  haveCode: "I have a code of an authenticator app",
  signIn: "Sign in",
  signingIn: "Signing in …",
  with: (provider: string) => `Continue with ${provider}`,
  orPassword: "or with a password",
  refused: "Email, password or code is not right. After five attempts you have to wait.",
  wait: "Too many attempts. Wait before you try again.",
  again: "Sign in again",
  againHint: "Your session has ended. What you typed is kept.",
  signOut: "Sign out",
  words: {
    SIGN_IN_REFUSED: "Email, password or code is not right. After five attempts you have to wait.",
    CODE_REQUIRED: "Give the code of your authenticator app too.",
  },
  confirmTitle: "Confirm that it is you",
  confirmHint: "This needs your password, because it cannot be undone by others.",
  confirm: "Confirm",
};

export type SessionText = typeof english;

export const english = {
  slogan: "Approvals and automation, on your own server.",
  signInTo: "Sign in",
  onlyLink: "Only have a link from an email or Teams? It opens without signing in.",
  noWay: "This installation has no way to sign in. Ask its administrator.",
  forgotten: "Forgotten?",
  help: "Help",
  language: "Language",
  forgottenTitle: "Choose a new password",
  forgottenHint:
    "Give your email address. An administrator of your organization sees the request and gives you a link.",
  forgottenSend: "Ask for a link",
  forgottenSent: "The request is recorded, if the address is known here. Ask an administrator for the link.",
  forgottenMailed:
    "If the address is known here, a link is on its way to it by mail. An administrator can give one too.",
  backToSignIn: "Back to sign-in",
  resetTitle: "Choose a new password",
  resetHint: (name: string) => `For the account of ${name}. The link works once, and all sessions of the account end.`,
  backToApp: "Back to the app",
  /** Why sign-in by a provider failed. The code is in an address that every page can link to, so it is not shown. */
  failure: (code: string) =>
    ({
      SIGN_IN_EXPIRED: "The sign-in took too long, or was begun in another window. Try again.",
      UNKNOWN_PROVIDER: "This installation does not have that provider any more. Choose another way to sign in.",
      PROVIDER_UNREACHABLE: "The provider does not answer. Try again in a moment.",
      PROVIDER_REFUSED: "The provider did not sign you in. Try again, or ask the people who run it.",
      PROVIDER_ANSWER_INVALID:
        "The answer of the provider could not be trusted, so the sign-in was refused. Ask an administrator.",
      FOREIGN_TENANT: "This account belongs to another company than this installation accepts.",
      EMAIL_NOT_VERIFIED: "The provider does not vouch for your email address. Ask an administrator for an invitation.",
      EMAIL_MISSING: "The provider did not give your email address. Ask an administrator.",
      INVITATION_NOT_FOUND: "The invitation was used already, has expired, or was withdrawn. Ask for a new one.",
      INVITATION_OF_ANOTHER: "The invitation is for another address than the one of your account at the provider.",
      NOT_A_MEMBER: "You are not a member of an organization here. Ask an administrator for an invitation.",
      TOO_MANY_TRIES: "Too many attempts from your network. Wait some minutes before you try again.",
    })[code] ?? "The sign-in did not succeed. Try again.",
  newPassword: "New password",
  passwordHint: "At least 12 characters. No rule but that: a sentence is fine.",
  tooShort: (count: number) => `${count} more ${count === 1 ? "character" : "characters"}`,
  resetSave: "Save the password",
  resetDone: "Your new password is saved. Sign in with it.",
  invitationTitle: (organization: string) => (organization ? `Join ${organization}` : "Join Looply"),
  /** `asksAddress`: the invitation is for no address, so that it is given too. */
  invitationHint: (role: string, asksAddress: boolean) =>
    `You were invited as ${role}. Give ${asksAddress ? "your email address and your name" : "your name"}, and choose a password.`,
  invitationByProvider: (role: string) => `You were invited as ${role}. Sign in with the address of the invitation.`,
  invitationOfAccount: "You have an account here already. Its password accepts the invitation.",
  name: "Your name",
  accept: "Accept the invitation",
  words: {
    INVITATION_NOT_FOUND:
      "This link is not valid. It was used already, has expired, or was withdrawn. Ask for a new one.",
    RESET_NOT_FOUND: "This link is not valid. It was used already or has expired. Ask for a new one.",
    INVITATION_OF_ANOTHER: "This invitation is for another address.",
    PASSWORDS_OFF: "People of this installation sign in by a provider. Open the link again and choose it.",
    WEAK_PASSWORD: "This password is too short or too common. Choose another one.",
  },
  art: {
    start: "An order was saved",
    startSub: "called by SAP, 4 fields",
    ask: "Ask for the release",
    askSub: "manager@, buyer@: 1 of 2",
    approved: "approved",
    rejected: "rejected",
    release: "Release the order",
    releaseSub: "POST Release",
    reject: "Inform the buyer",
    rejectSub: "to buyer@example.com",
  },
};

export type EntranceText = typeof english;

import type { SessionText } from "./text.en";

export const german = {
  email: "E-Mail",
  password: "Passwort",
  showPassword: "Anzeigen",
  hidePassword: "Verbergen",
  forgotten: "Vergessen?",
  code: "Code der Authenticator-App",
  codeHint: "Sechs Ziffern",
  haveCode: "Ich habe einen Code einer Authenticator-App",
  signIn: "Anmelden",
  signingIn: "Anmeldung läuft …",
  with: (provider) => `Weiter mit ${provider}`,
  orPassword: "oder mit einem Passwort",
  emergency: "Mit dem Notfallkonto anmelden",
  refused: "E-Mail, Passwort oder Code ist nicht richtig. Nach fünf Versuchen müssen Sie warten.",
  wait: "Zu viele Versuche. Warten Sie, bevor Sie es noch einmal versuchen.",
  again: "Bitte wieder anmelden",
  againHint: "Ihre Sitzung ist beendet. Was Sie eingegeben haben, bleibt erhalten.",
  signOut: "Abmelden",
  words: {
    SIGN_IN_REFUSED: "E-Mail, Passwort oder Code ist nicht richtig. Nach fünf Versuchen müssen Sie warten.",
    CODE_REQUIRED: "Geben Sie auch den Code Ihrer Authenticator-App ein.",
  },
  confirmTitle: "Bestätigen Sie, dass Sie es sind",
  confirmHint: "Dafür wird Ihr Passwort gebraucht. Es wird höchstens einmal in 10 Minuten gefragt.",
  confirmByProvider:
    "Sie melden sich bei einem Anbieter an. Melden Sie sich dort noch einmal an; er führt Sie hierher zurück, dann wiederholen Sie es.",
  confirm: "Bestätigen",
  wrongPassword: "Das ist nicht Ihr Passwort.",
} satisfies SessionText;

import type { EntranceText } from "./text.en";

export const german = {
  slogan: "Genehmigungen und Automatisierung, auf dem eigenen Server.",
  signInTo: "Anmelden",
  onlyLink: "Sie haben nur einen Link aus einer E-Mail oder aus Teams? Er öffnet sich ohne Anmeldung.",
  noWay: "Bei dieser Installation kann man sich nicht anmelden. Fragen Sie ihre Administration.",
  forgotten: "Vergessen?",
  help: "Hilfe",
  language: "Sprache",
  forgottenTitle: "Ein neues Passwort wählen",
  forgottenHint:
    "Geben Sie Ihre E-Mail-Adresse an. Die Administration Ihrer Organisation sieht die Anfrage und gibt Ihnen einen Link.",
  forgottenSend: "Um einen Link bitten",
  forgottenSent:
    "Die Anfrage ist gespeichert, falls die Adresse hier bekannt ist. Bitten Sie die Administration um den Link.",
  forgottenMailed:
    "Falls die Adresse hier bekannt ist, ist ein Link per Mail dorthin unterwegs. Auch die Administration kann einen geben.",
  backToSignIn: "Zurück zur Anmeldung",
  resetTitle: "Ein neues Passwort wählen",
  resetHint: (name) => `Für das Konto von ${name}. Der Link gilt einmal, und alle Sitzungen des Kontos enden.`,
  backToApp: "Zurück zur App",
  failure: (code) =>
    ({
      SIGN_IN_EXPIRED:
        "Die Anmeldung hat zu lange gedauert oder wurde in einem anderen Fenster begonnen. Versuchen Sie es noch einmal.",
      UNKNOWN_PROVIDER: "Diesen Anbieter hat die Installation nicht mehr. Wählen Sie einen anderen Weg.",
      PROVIDER_UNREACHABLE: "Der Anbieter antwortet nicht. Versuchen Sie es gleich noch einmal.",
      PROVIDER_REFUSED:
        "Der Anbieter hat Sie nicht angemeldet. Versuchen Sie es noch einmal, oder fragen Sie dort nach.",
      PROVIDER_ANSWER_INVALID:
        "Der Antwort des Anbieters ist nicht zu trauen, deshalb wurde niemand angemeldet. Fragen Sie die Administration.",
      FOREIGN_TENANT: "Dieses Konto gehört zu einer anderen Firma, als diese Installation annimmt.",
      EMAIL_NOT_VERIFIED:
        "Der Anbieter bürgt nicht für Ihre E-Mail-Adresse. Bitten Sie die Administration um eine Einladung.",
      EMAIL_MISSING: "Der Anbieter hat Ihre E-Mail-Adresse nicht genannt. Fragen Sie die Administration.",
      INVITATION_NOT_FOUND:
        "Die Einladung wurde schon benutzt, ist abgelaufen oder wurde zurückgezogen. Bitten Sie um eine neue.",
      INVITATION_OF_ANOTHER: "Die Einladung ist für eine andere Adresse als die Ihres Kontos bei dem Anbieter.",
      NOT_A_MEMBER: "Sie sind hier in keiner Organisation Mitglied. Bitten Sie die Administration um eine Einladung.",
      TOO_MANY_TRIES: "Zu viele Versuche aus Ihrem Netz. Warten Sie einige Minuten.",
    })[code] ?? "Die Anmeldung ist nicht gelungen. Versuchen Sie es noch einmal.",
  newPassword: "Neues Passwort",
  passwordHint: "Mindestens 12 Zeichen. Mehr Regeln gibt es nicht: Ein Satz ist gut.",
  tooShort: (count) => `Noch ${count} Zeichen`,
  resetSave: "Passwort speichern",
  resetDone: "Ihr neues Passwort ist gespeichert. Melden Sie sich damit an.",
  invitationTitle: (organization) => (organization ? `${organization} beitreten` : "Looply beitreten"),
  invitationHint: (role, asksAddress) =>
    `Sie sind mit der Rolle „${role}“ eingeladen. Geben Sie ${asksAddress ? "Ihre Mailadresse und Ihren Namen" : "Ihren Namen"} an, und wählen Sie ein Passwort.`,
  invitationByProvider: (role) =>
    `Sie sind mit der Rolle „${role}“ eingeladen. Melden Sie sich mit der Adresse der Einladung an.`,
  invitationOfAccount: "Sie haben hier schon ein Konto. Sein Passwort nimmt die Einladung an.",
  name: "Ihr Name",
  accept: "Einladung annehmen",
  words: {
    INVITATION_NOT_FOUND:
      "Dieser Link ist nicht gültig. Er wurde schon benutzt, ist abgelaufen oder wurde zurückgezogen. Bitten Sie um einen neuen.",
    RESET_NOT_FOUND:
      "Dieser Link ist nicht gültig. Er wurde schon benutzt oder ist abgelaufen. Bitten Sie um einen neuen.",
    INVITATION_OF_ANOTHER: "Diese Einladung ist für eine andere Adresse.",
    PASSWORDS_OFF:
      "Bei dieser Installation meldet man sich bei einem Anbieter an. Öffnen Sie den Link noch einmal, und wählen Sie ihn.",
    WEAK_PASSWORD: "Dieses Passwort ist zu kurz oder zu verbreitet. Wählen Sie ein anderes.",
  },
  art: {
    start: "Bestellung gesichert",
    startSub: "Aufruf durch SAP, 4 Felder",
    ask: "Freigabe einholen",
    askSub: "manager@, buyer@: 1 von 2",
    approved: "genehmigt",
    rejected: "abgelehnt",
    release: "Bestellung freigeben",
    releaseSub: "POST Release",
    reject: "Einkauf informieren",
    rejectSub: "an buyer@example.com",
  },
} satisfies EntranceText;

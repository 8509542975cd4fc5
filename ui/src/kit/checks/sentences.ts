/**
 * The sentences of the checks of a connection in German. The server says them in English, and its connectors know no
 * language: a sentence is known by its words, with what differs in braces. Those of other systems and of connectors of
 * other distributions stay as they are.
 */

import type { Language } from "../../text/language";
import { ERRORS } from "./errors";

const PROXY: Readonly<Record<Language, string>> = { en: "the proxy ", de: "der Proxy " };
const HOLES: ReadonlyMap<string, string> = new Map([
  ["addresses", "[\\da-fA-F:., ]+"],
  ["count", "[\\d.e+-]+"],
  ["host", "(?:the proxy )?\\S+"],
  ["text", ".*"],
  ["word", "[^\\s;)`]*"],
]);
const HOLE = /\{(addresses|count|host|text|word)\}/;

/** Each English sentence with the German one, which has the same holes in the same order. */
export const SENTENCES: readonly (readonly [english: string, german: string])[] = [
  ["`tls` is none, so nothing is encrypted", "`tls` ist none, also wird nichts verschlüsselt"],
  [
    "Add them to the application in Entra, and let an administrator of Microsoft consent.",
    "Geben Sie sie der Anwendung in Entra, und lassen Sie eine Person zustimmen, die Microsoft verwaltet.",
  ],
  [
    "Choose the cloud of Microsoft in which the organization is.",
    "Wählen Sie die Cloud von Microsoft, in der die Organisation ist.",
  ],
  ["Correct the settings of the connection.", "Berichtigen Sie die Einstellungen der Verbindung."],
  [
    "Correct the tenant, the application of the bot and its secret, which may have expired in Entra.",
    "Berichtigen Sie den Mandanten, die Anwendung des Bots und ihr Geheimnis, das in Entra abgelaufen sein kann.",
  ],
  [
    "Download the app package on the page Microsoft Teams, and upload it in the Teams admin center.",
    "Laden Sie das App-Paket auf der Seite Microsoft Teams herunter, und laden Sie es im Teams Admin Center hoch.",
  ],
  [
    "Entra gives the application no {text}; whether Exchange does for this mailbox is seen by a mail",
    "Entra gibt der Anwendung {text} nicht; ob Exchange es für dieses Postfach gibt, zeigt eine Mail",
  ],
  ["Entra issues tokens of Graph", "Entra stellt Tokens von Graph aus"],
  ["Entra signs the bot in.", "Entra meldet den Bot an."],
  ["Graph does not show the app catalog ({text}).", "Graph zeigt den App-Katalog nicht ({text})."],
  [
    "Let an administrator of Microsoft consent to the rights of the application.",
    "Lassen Sie eine Person, die Microsoft verwaltet, den Rechten der Anwendung zustimmen.",
  ],
  [
    "Let this machine reach {host}: its keys prove what Teams sends.",
    "Lassen Sie diese Maschine {host} erreichen: dessen Schlüssel beweisen, was Teams sendet.",
  ],
  ["None of {count} keys may sign for Teams.", "Keiner von {count} Schlüsseln darf für Teams signieren."],
  [
    "People are found once they have installed the app, so Graph is not asked.",
    "Personen werden gefunden, sobald sie die App installiert haben; Graph wird also nicht gefragt.",
  ],
  ["The app catalog has the app, by the id {text}.", "Der App-Katalog hat die App unter der Id {text}."],
  ["The app catalog of the organization does not have the app.", "Der App-Katalog der Organisation hat die App nicht."],
  ["The application has the rights {text}.", "Die Anwendung hat die Rechte {text}."],
  ["The application lacks the rights {text}.", "Der Anwendung fehlen die Rechte {text}."],
  ["The list of keys cannot be read.", "Die Liste der Schlüssel ist nicht lesbar."],
  ["1 key signs for Teams.", "1 Schlüssel signiert für Teams."],
  ["{count} keys sign for Teams.", "{count} Schlüssel signieren für Teams."],
  ["a token was given", "es wurde ein Token ausgegeben"],
  [
    "activate the service (/IWFND/MAINT_SERVICE), and give the user its authorization (S_SERVICE)",
    "aktivieren Sie den Service (/IWFND/MAINT_SERVICE), und geben Sie dem Benutzer die Berechtigung dafür (S_SERVICE)",
  ],
  [
    "add the certificate authority that issued it to `tls.ca` of the connection",
    "ergänzen Sie in `tls.ca` der Verbindung die Zertifizierungsstelle, die es ausgestellt hat",
  ],
  ["an earlier check failed", "eine frühere Prüfung ist fehlgeschlagen"],
  ["check that the port speaks TLS", "prüfen Sie, ob der Port TLS spricht"],
  [
    "check that the port speaks TLS 1.2 or later, and whether it asks for a client certificate",
    "prüfen Sie, ob der Port TLS 1.2 oder neuer spricht, und ob er ein Client-Zertifikat verlangt",
  ],
  [
    "check that this machine may reach {host}: firewall, routing, and whether the system runs",
    "prüfen Sie, ob diese Maschine {host} erreichen darf: Firewall, Routing, und ob das System läuft",
  ],
  ["check the DNS", "prüfen Sie das DNS"],
  [
    "correct `client_id`, `scope` and the secret `client_secret`; SOAUTH2 must have the client",
    "berichtigen Sie `client_id`, `scope` und das Geheimnis `client_secret`; SOAUTH2 muss den Client haben",
  ],
  ["correct `client_id` and its secrets", "berichtigen Sie `client_id` und seine Geheimnisse"],
  [
    "correct `tenant_id`, `client_id` and the secret `client_secret`, which may have expired in Entra",
    "berichtigen Sie `tenant_id`, `client_id` und das Geheimnis `client_secret`, das in Entra abgelaufen sein kann",
  ],
  [
    "correct `tls` of the connection, and its secret `client_key`",
    "berichtigen Sie `tls` der Verbindung und ihr Geheimnis `client_key`",
  ],
  ["correct `user` and the secret `password`", "berichtigen Sie `user` und das Geheimnis `password`"],
  [
    "correct `user` and the secret `password`; a locked user is unlocked in SU01",
    "berichtigen Sie `user` und das Geheimnis `password`; ein gesperrter Benutzer wird in SU01 entsperrt",
  ],
  [
    "correct the host, or allow its address with the setting egress_allow",
    "berichtigen Sie den Host, oder erlauben Sie seine Adresse mit der Einstellung egress_allow",
  ],
  [
    "correct the host, or set `tls.server_name` to the name in it",
    "berichtigen Sie den Host, oder setzen Sie `tls.server_name` auf den Namen darin",
  ],
  ["correct the secret `api_key` and `header`", "berichtigen Sie das Geheimnis `api_key` und `header`"],
  [
    "correct the secrets of the connection, or its `auth`",
    "berichtigen Sie die Geheimnisse der Verbindung oder ihr `auth`",
  ],
  ["correct the settings of the connection", "berichtigen Sie die Einstellungen der Verbindung"],
  [
    "give it {text} in Entra, or for this mailbox in Exchange (RBAC for Applications)",
    "geben Sie ihr {text} in Entra, oder für dieses Postfach in Exchange (RBAC for Applications)",
  ],
  ["have the certificate renewed", "lassen Sie das Zertifikat erneuern"],
  [
    "have the certificate renewed; check the clock of this machine",
    "lassen Sie das Zertifikat erneuern; prüfen Sie die Uhr dieser Maschine",
  ],
  ["it is checked through the proxy, by the first call", "es wird durch den Proxy geprüft, beim ersten Aufruf"],
  [
    "let the service take `auth: {word}` without SAML: SICF, logon procedure, or `saml2=disabled`",
    "lassen Sie den Service `auth: {word}` ohne SAML annehmen: SICF, Anmeldeverfahren, oder `saml2=disabled`",
  ],
  [
    "map the certificate to a user in CERTRULE, and let ICM ask for certificates",
    "ordnen Sie dem Zertifikat in CERTRULE einen Benutzer zu, und lassen Sie den ICM Zertifikate verlangen",
  ],
  [
    "name a path that can be read, to see whether calls work",
    "nennen Sie einen Pfad, der gelesen werden kann, um zu sehen, ob Aufrufe gelingen",
  ],
  ["name a service that gives tokens in `csrf.at`", "nennen Sie in `csrf.at` einen Service, der Tokens ausgibt"],
  ["no TLS handshake in {count} s", "kein TLS-Handshake in {count} s"],
  [
    "no token was given; the last answer had the status {count}",
    "es wurde kein Token ausgegeben; die letzte Antwort hatte den Status {count}",
  ],
  [
    "set both clocks by NTP: tokens and repeated calls depend on it",
    "stellen Sie beide Uhren mit NTP: Tokens und wiederholte Aufrufe hängen davon ab",
  ],
  ["the TLS handshake failed: {text}", "der TLS-Handshake ist fehlgeschlagen: {text}"],
  [
    "the address begins with http://, so nothing is encrypted",
    "die Adresse beginnt mit http://, also wird nichts verschlüsselt",
  ],
  ["the answer has no `Date`", "die Antwort hat kein `Date`"],
  ["the application has {text}", "die Anwendung hat {text}"],
  ["the certificate is accepted ({word})", "das Zertifikat wird angenommen ({word})"],
  ["the certificate is not accepted: {text}", "das Zertifikat wird nicht angenommen: {text}"],
  ["the certificate is not for {host}", "das Zertifikat ist nicht für {host}"],
  ["the credentials were not refused", "die Zugangsdaten wurden nicht abgelehnt"],
  ["the other clock is {count} s ahead", "die andere Uhr geht {count} s vor"],
  ["the other clock is {count} s behind", "die andere Uhr geht {count} s nach"],
  ["the server accepts the user", "der Server nimmt den Benutzer an"],
  ["the server asks for no user", "der Server verlangt keinen Benutzer"],
  [
    "the service gives no token; its changes are sent without one",
    "der Service gibt kein Token aus; seine Änderungen werden ohne eines gesendet",
  ],
  ["the system accepts the credentials of `auth: {word}`", "das System nimmt die Zugangsdaten von `auth: {word}` an"],
  [
    "the system asks for a logon in a browser (status {count})",
    "das System verlangt eine Anmeldung im Browser (Status {count})",
  ],
  ["the system refused the credentials (status {count})", "das System hat die Zugangsdaten abgelehnt (Status {count})"],
  ["the system refused the logon (401 {text})", "das System hat die Anmeldung abgelehnt (401 {text})"],
  ["the test did not end in {count} s", "der Test hat in {count} s kein Ende gefunden"],
  ["there was nothing to check", "es gab nichts zu prüfen"],
  ["{host} accepts connections", "{host} nimmt Verbindungen an"],
  ["{host} answers", "{host} antwortet"],
  ["{host} answers with status {count}", "{host} antwortet mit dem Status {count}"],
  ["{host} did not answer in {count} s", "{host} hat in {count} s nicht geantwortet"],
  ["{host} is {addresses}", "{host} ist {addresses}"],
  ["{host} was not resolved in {count} s", "{host} wurde in {count} s nicht aufgelöst"],
  ["{word}; the certificate is valid until {word}", "{word}; das Zertifikat gilt bis {word}"],
];

/**
 * Returns a sentence of a check in a language, with its capital and its full stop: the server says it as errors are
 * said, within another one. A name with which it begins stays as it is, and so does a sentence that is not known.
 */
export function sayCheck(sentence: string, language: Language): string {
  for (const pair of [...SENTENCES, ...ERRORS]) {
    const found = patternOf(pair[0]).exec(sentence);
    if (found !== null) return finish(fill(pair[language === "de" ? 1 : 0], found.slice(1), language));
  }
  return sentence;
}

function fill(template: string, values: readonly string[], language: Language): string {
  const named = template
    .split(HOLE)
    .map((part, at) => (at % 2 === 0 ? part : nameIn(values[(at - 1) / 2] ?? "", language)))
    .join("");
  const isName = template.startsWith("{") && !named.startsWith(PROXY[language]);
  return isName ? named : `${named.charAt(0).toUpperCase()}${named.slice(1)}`;
}

function nameIn(value: string, language: Language): string {
  return value.replace(/^the proxy /, PROXY[language]);
}

function finish(sentence: string): string {
  return sentence.endsWith(".") ? sentence : `${sentence}.`;
}

function patternOf(english: string): RegExp {
  const parts = english.split(HOLE).map((part, at) => (at % 2 === 0 ? literalOf(part) : `(${HOLES.get(part) ?? ""})`));
  return new RegExp(`^${parts.join("")}$`, "s");
}

function literalOf(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The sentences of errors that end a check in German, as `SENTENCES` of the checks themselves. */

export const ERRORS: readonly (readonly [english: string, german: string])[] = [
  [
    "no connection to {host} became free within the {count} s of the call: other calls of this process used all of them; repeat it later",
    "zu {host} wurde in den {count} s des Aufrufs keine Verbindung frei: andere Aufrufe dieses Prozesses brauchten alle; wiederholen Sie ihn später",
  ],
  ["no connection to {host} could be made", "es kam keine Verbindung zu {host} zustande"],
  [
    "the API key cannot be sent in a header: line break, control character or bad name",
    "der API-Schlüssel kann nicht in einem Header gesendet werden: Zeilenumbruch, Steuerzeichen oder falscher Name",
  ],
  [
    "the TLS certificate of {host} has expired; install a new one there",
    "das TLS-Zertifikat von {host} ist abgelaufen; installieren Sie dort ein neues",
  ],
  [
    "the TLS certificate of {host} is for another host name; call the system by that name, or set `tls.server_name` of the connection",
    "das TLS-Zertifikat von {host} ist für einen anderen Hostnamen; rufen Sie das System unter diesem Namen auf, oder setzen Sie `tls.server_name` der Verbindung",
  ],
  [
    "the TLS certificate of {host} is not valid for it; install a valid one, or add its authority to the trusted ones",
    "das TLS-Zertifikat von {host} gilt dafür nicht; installieren Sie ein gültiges, oder nehmen Sie seine Zertifizierungsstelle unter die vertrauten auf",
  ],
  [
    "the TLS certificate of {host} is not valid yet; compare the clocks of both machines",
    "das TLS-Zertifikat von {host} gilt noch nicht; vergleichen Sie die Uhren beider Maschinen",
  ],
  ["the TLS certificate of {host} is not valid ({text})", "das TLS-Zertifikat von {host} ist nicht gültig ({text})"],
  [
    "the TLS certificate of {host} is signed by an authority that is not trusted; add the authority to `tls.ca` of the connection, or to those of the machine",
    "das TLS-Zertifikat von {host} ist von einer Zertifizierungsstelle, der nicht vertraut wird; ergänzen Sie sie in `tls.ca` der Verbindung oder bei denen der Maschine",
  ],
  [
    "the TLS handshake with {host} failed: it offers no version of TLS that is safe (TLS 1.2 or 1.3)",
    "der TLS-Handshake mit {host} ist fehlgeschlagen: es bietet keine sichere Version von TLS an (TLS 1.2 oder 1.3)",
  ],
  [
    "the TLS handshake with {host} failed ({text}); compare what both sides accept, client certificates too",
    "der TLS-Handshake mit {host} ist fehlgeschlagen ({text}); vergleichen Sie, was beide Seiten annehmen, auch Client-Zertifikate",
  ],
  ["the compressed response of {host} cannot be read", "die komprimierte Antwort von {host} ist nicht lesbar"],
  [
    "the connection has half of a client certificate: the secret `client_key` is missing",
    "die Verbindung hat ein halbes Client-Zertifikat: das Geheimnis `client_key` fehlt",
  ],
  [
    "the connection has half of a client certificate: the `tls.certificate` of its `client_key` is missing",
    "die Verbindung hat ein halbes Client-Zertifikat: das `tls.certificate` zu ihrem `client_key` fehlt",
  ],
  [
    "the connection has no secret `api_key`, which `auth: api_key` needs",
    "die Verbindung hat kein Geheimnis `api_key`, das `auth: api_key` braucht",
  ],
  [
    "the connection has no `tls.certificate`, which `auth: certificate` needs",
    "die Verbindung hat kein `tls.certificate`, das `auth: certificate` braucht",
  ],
  [
    "the connection has no user or no password, which `auth: basic` needs",
    "der Verbindung fehlt der Benutzer oder das Kennwort; `auth: basic` braucht beides",
  ],
  [
    "the connection needs `token_url`, `client_id` and the secret `client_secret` for its tokens",
    "die Verbindung braucht für ihre Tokens `token_url`, `client_id` und das Geheimnis `client_secret`",
  ],
  [
    "the connection to {host} broke before the mail was sent",
    "die Verbindung zu {host} brach ab, bevor die Mail gesendet war",
  ],
  ["the connection's `token_url` is not valid: {text}", "die `token_url` der Verbindung ist nicht gültig: {text}"],
  [
    "the connection's `tls.ca` has no certificates in PEM that can be read",
    "`tls.ca` der Verbindung hat keine lesbaren Zertifikate in PEM",
  ],
  [
    "the connection's client certificate cannot be used: `tls.certificate` and the secret `client_key` must be PEM, belong together, and the key must not be encrypted",
    "das Client-Zertifikat der Verbindung ist nicht brauchbar: `tls.certificate` und das Geheimnis `client_key` müssen PEM sein und zusammengehören, und der Schlüssel darf nicht verschlüsselt sein",
  ],
  [
    "the destination {host} does not exist or is not allowed; an administrator can allow addresses that are not public and unusual ports with the setting egress_allow (never link-local or cloud metadata addresses)",
    "das Ziel {host} gibt es nicht, oder es ist nicht erlaubt; wer den Server verwaltet, kann nicht öffentliche Adressen und ungewöhnliche Ports mit der Einstellung egress_allow erlauben (nie link-lokale Adressen oder die der Metadaten einer Cloud)",
  ],
  ["the host name {host} cannot be resolved at present", "der Hostname {host} kann zurzeit nicht aufgelöst werden"],
  [
    "the last {count} logons with the credentials of connection {text} were refused, so no more are tried, because the system would lock the user; correct the credentials and save the connection, or test it (looply connection test)",
    "die letzten {count} Anmeldungen mit den Zugangsdaten der Verbindung {text} wurden abgelehnt; weitere werden nicht versucht, weil das System den Benutzer sperren würde; berichtigen Sie die Zugangsdaten und speichern Sie die Verbindung, oder testen Sie sie",
  ],
  ["the request to {host} is not valid HTTP", "der Aufruf von {host} ist kein gültiges HTTP"],
  [
    "the token server {host} of connection {text} answered 200 with {text} instead of a token; check `token_url`",
    "der Tokenserver {host} der Verbindung {text} antwortete mit 200 und {text} statt eines Tokens; prüfen Sie `token_url`",
  ],
  [
    "the token server {host} of connection {text} answered {count}",
    "der Tokenserver {host} der Verbindung {text} antwortete mit {count}",
  ],
  [
    "the token server {host} of connection {text} refused the client ({text}); correct `client_id` and the secret `client_secret`",
    "der Tokenserver {host} der Verbindung {text} lehnte den Client ab ({text}); berichtigen Sie `client_id` und das Geheimnis `client_secret`",
  ],
  [
    "the token server {host} of connection {text} refused to issue a token ({text}); check `token_url` and `scope`",
    "der Tokenserver {host} der Verbindung {text} gab kein Token aus ({text}); prüfen Sie `token_url` und `scope`",
  ],
  ["`cloud: other` needs `endpoints.{word}`", "`cloud: other` braucht `endpoints.{word}`"],
  [
    "{host} asks for a client certificate, and did not accept what it got; set `tls.certificate` of the connection, and its secret `client_key`",
    "{host} verlangt ein Client-Zertifikat und nahm nicht an, was es bekam; setzen Sie `tls.certificate` der Verbindung und ihr Geheimnis `client_key`",
  ],
  [
    "{host} asks for another logon (407); correct `proxy.user` and the secret `proxy_password`",
    "{host} verlangt eine andere Anmeldung (407); berichtigen Sie `proxy.user` und das Geheimnis `proxy_password`",
  ],
  [
    "{host} began to answer and did not end within {count} s",
    "{host} begann zu antworten und kam in {count} s nicht zum Ende",
  ],
  ["{host} closed the connection without an answer", "{host} schloss die Verbindung ohne Antwort"],
  [
    "{host} did not accept a connection within the {count} s of the call",
    "{host} nahm in den {count} s des Aufrufs keine Verbindung an",
  ],
  ["{host} did not accept a connection within {count} s", "{host} nahm in {count} s keine Verbindung an"],
  ["{host} did not answer in time", "{host} antwortete nicht rechtzeitig"],
  ["{host} did not answer the call within {count} s", "{host} beantwortete den Aufruf in {count} s nicht"],
  [
    "{host} did not finish the TLS handshake within the {count} s of the call",
    "{host} schloss den TLS-Handshake in den {count} s des Aufrufs nicht ab",
  ],
  [
    "{host} did not finish the TLS handshake within {count} s",
    "{host} schloss den TLS-Handshake in {count} s nicht ab",
  ],
  [
    "{host} does not open a tunnel to the target (status {count})",
    "{host} öffnet keinen Tunnel zum Ziel (Status {count})",
  ],
  [
    "{host} does not speak TLS: the handshake got an answer that is none; call it by http://",
    "{host} spricht kein TLS: die Antwort auf den Handshake war keine; rufen Sie es mit http:// auf",
  ],
  ["{host} ended the connection during the TLS handshake", "{host} beendete die Verbindung während des TLS-Handshakes"],
  [
    "{host} ended the connection while the request was sent",
    "{host} beendete die Verbindung, während der Aufruf gesendet wurde",
  ],
  ["{host} refused the user or the password: {text}", "{host} lehnte den Benutzer oder das Kennwort ab: {text}"],
  ["{host} refused the user or the token: {text}", "{host} lehnte den Benutzer oder das Token ab: {text}"],
  ["{host} does not take the mail now: {text}", "{host} nimmt die Mail gerade nicht an: {text}"],
  ["{host} reset the connection before it answered", "{host} brach die Verbindung ab, bevor es antwortete"],
  ["{host} reset the connection within its answer", "{host} brach die Verbindung während der Antwort ab"],
  [
    "{host} sent an answer whose body is not valid HTTP",
    "{host} sendete eine Antwort, deren Rumpf kein gültiges HTTP ist",
  ],
  ["{host} sent no answer of HTTP to CONNECT", "{host} beantwortete CONNECT nicht mit HTTP"],
  ["{host} sent something that is not an answer of HTTP", "{host} sendete etwas, das keine Antwort von HTTP ist"],
];

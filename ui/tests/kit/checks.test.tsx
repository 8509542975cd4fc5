import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../../src/kit/checks/errors";
import { SENTENCES, sayCheck } from "../../src/kit/checks/sentences";
import { TestResult } from "../../src/kit/checks/TestResult";
import { LanguageProvider } from "../../src/text/language";
import { TimesProvider } from "../../src/text/time";

const CONNECTORS = resolve(import.meta.dirname, "../../../src/looply/connectors");
const FILES = ["checking.py", "http/checks.py", "sap/checks.py", "email/checks.py", "teams/checks.py"];
const SERVER = [...FILES, "../engine/effects/connection_prober.py"].map((file) =>
  readFileSync(resolve(CONNECTORS, file), "utf-8"),
);

/** Parts of sentences, and what an error names. */
const NO_SENTENCES: readonly string[] = [
  "the proxy ",
  "the other clock is 1 s 1",
  "the test",
  "`client_id` and its secrets",
  "`user` and the secret `password`",
  "correct 1",
];

/** Returns the places of a text in which values are. */
const holesOf = (text: string): string[] => text.match(/\{[a-z]+\}/g) ?? [];

/** The sources of errors that end a check; a text of several lines is joined, as the server does. */
const RAISING = [
  ...["faults.py", "outbound/dialer.py", "outbound/network.py", "outbound/egress.py", "outbound/proxies.py"],
  ...["outbound/routes.py", "oauth/client_credentials.py", "credentials/logons.py", "sap/calls/principals.py"],
  ...["teams/calls/settings.py", "email/conversation.py", "client.py"],
].map((file) => readFileSync(resolve(CONNECTORS, file), "utf-8").replace(/"\s*\n\s*f?"/g, ""));

describe("the sentences of errors that end a check", () => {
  it("are those of the connectors, with the same values in German", () => {
    const unsaid = ERRORS.filter(([english]) => {
      const words = english.split(/\{[a-z]+\}| (?:is missing|password|token)(?=:|$)|before the mail was sent/);
      const parts = words.flatMap((part) => part.split(/(?<=client certificate: the )|(?<= TLS certificate of )/));
      return !parts.every((part) => RAISING.some((source) => source.includes(part.trim())));
    });
    expect(unsaid).toEqual([]);
    for (const [english, german] of ERRORS) expect(holesOf(german)).toEqual(holesOf(english));
  });

  it.each([
    ["no connection to 127.0.0.1:9 could be made", "Es kam keine Verbindung zu 127.0.0.1:9 zustande."],
    [
      "the TLS certificate of a.example.com has expired; install a new one there",
      "Das TLS-Zertifikat von a.example.com ist abgelaufen; installieren Sie dort ein neues.",
    ],
    [
      "the proxy p.example.com:80 sent no answer of HTTP to CONNECT",
      "Der Proxy p.example.com:80 beantwortete CONNECT nicht mit HTTP.",
    ],
  ])("say %s", (english, german) => expect(sayCheck(english, "de")).toBe(german));

  it.each([
    ["no connection to 127.0.0.1:9 could be made", "No connection to 127.0.0.1:9 could be made."],
    ["localhost:9 accepts connections", "localhost:9 accepts connections."],
    ["the proxy p.example.com:80 accepts connections", "The proxy p.example.com:80 accepts connections."],
    ["error of another system", "error of another system"],
  ])("are whole sentences in English: %s", (said, whole) => expect(sayCheck(said, "en")).toBe(whole));
});

describe("the sentences of checks in German", () => {
  it("are those of the server, with the same values", () => {
    const unsaid = SENTENCES.filter(([english]) => {
      const words = english.split(/\{[a-z]+\}|`user`.*|`client_id` and its.*| (?:ahead|behind)$/);
      return !words.every((part) => SERVER.some((source) => source.includes(part)));
    });
    expect(unsaid).toEqual([]);
    for (const [english, german] of SENTENCES) expect(holesOf(german)).toEqual(holesOf(english));
  });

  it("are there for each sentence that a check of the server says", () => {
    const said = SERVER.slice(0, FILES.length).flatMap((source) =>
      [...source.replace(/"""[\s\S]*?"""/g, "").matchAll(/"([^"\n]*)"/g)]
        .map(([, sentence = ""]) => sentence.replace(/\{what\}/g, "").replace(/\{[^}]*\}/g, "1"))
        .filter((sentence) => sentence.includes(" ") && !NO_SENTENCES.includes(sentence)),
    );
    expect(said.length).toBeGreaterThan(60);
    expect(said.filter((sentence) => sayCheck(sentence, "de") === sentence)).toEqual([]);
  });

  it.each([
    ["sap.example.com is 192.0.2.1, 2001:db8::1", "sap.example.com ist 192.0.2.1, 2001:db8::1."],
    ["the proxy proxy.example.com:3128 accepts connections", "Der Proxy proxy.example.com:3128 nimmt Verbindungen an."],
    ["/sap/opu/odata answers with status 404", "/sap/opu/odata antwortet mit dem Status 404."],
    ["TLSv1.3; the certificate is valid until 2027-01-31", "TLSv1.3; das Zertifikat gilt bis 2027-01-31."],
    ["the other clock is 75 s ahead", "Die andere Uhr geht 75 s vor."],
    ["correct `user` and the secret `password`", "Berichtigen Sie `user` und das Geheimnis `password`."],
    ["correct `client_id` and its secrets", "Berichtigen Sie `client_id` und seine Geheimnisse."],
    ["the other clock is 3 s behind", "Die andere Uhr geht 3 s nach."],
    ["No route to host", "No route to host"],
  ])("say %s", (english, german) => expect(sayCheck(english, "de")).toBe(german));

  it("are shown to readers of German", () => {
    const check = { name: "csrf", state: "warning" as const, ms: 3, text: "a token was given", fix: "check the DNS" };
    render(
      <LanguageProvider language="de">
        <TimesProvider style="local">
          <TestResult result={{ is_ok: true, checks: [check] }} />
        </TimesProvider>
      </LanguageProvider>,
    );
    expect(screen.getByText("Es wurde ein Token ausgegeben.")).toBeTruthy();
    expect(screen.getByText("Prüfen Sie das DNS.")).toBeTruthy();
  });
});

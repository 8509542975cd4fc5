import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { germanOf, SENTENCES } from "../../src/kit/checks/german";
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
    expect(said.filter((sentence) => germanOf(sentence) === sentence)).toEqual([]);
  });

  it.each([
    ["sap.example.com is 192.0.2.1, 2001:db8::1", "sap.example.com ist 192.0.2.1, 2001:db8::1"],
    ["the proxy proxy.example.com:3128 accepts connections", "der Proxy proxy.example.com:3128 nimmt Verbindungen an"],
    ["/sap/opu/odata answers with status 404", "/sap/opu/odata antwortet mit dem Status 404"],
    ["TLSv1.3; the certificate is valid until 2027-01-31", "TLSv1.3; das Zertifikat gilt bis 2027-01-31"],
    ["the other clock is 75 s ahead", "die andere Uhr geht 75 s vor"],
    ["correct `user` and the secret `password`", "berichtigen Sie `user` und das Geheimnis `password`"],
    ["correct `client_id` and its secrets", "berichtigen Sie `client_id` und seine Geheimnisse"],
    ["the other clock is 3 s behind", "die andere Uhr geht 3 s nach"],
    ["No route to host", "No route to host"],
  ])("say %s", (english, german) => expect(germanOf(english)).toBe(german));

  it("are shown to readers of German", () => {
    const check = { name: "csrf", state: "warning" as const, ms: 3, text: "a token was given", fix: "check the DNS" };
    render(
      <LanguageProvider language="de">
        <TimesProvider style="local">
          <TestResult result={{ is_ok: true, checks: [check] }} />
        </TimesProvider>
      </LanguageProvider>,
    );
    expect(screen.getByText("es wurde ein Token ausgegeben")).toBeTruthy();
    expect(screen.getByText("prüfen Sie das DNS")).toBeTruthy();
  });
});

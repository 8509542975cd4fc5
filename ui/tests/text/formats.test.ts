import { describe, expect, it } from "vitest";
import { formatsOf } from "../../src/text/formats";
import { languageOf } from "../../src/text/language";

const NOW = Date.UTC(2026, 10, 28, 14, 2);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("times", () => {
  const english = formatsOf("en", "UTC");
  const german = formatsOf("de", "UTC");

  it.each([
    [NOW - HOUR, "13:02", "13:02"],
    [NOW - 2 * DAY, "Thu 14:02", "Do. 14:02"],
    [NOW - 20 * DAY, "8 Nov", "8. Nov."],
    [NOW - 400 * DAY, "24 Oct 2025", "24. Okt. 2025"],
  ])("are as close to now as they need to be: %i", (at, inEnglish, inGerman) => {
    expect(english.short(at, NOW).replace(",", "")).toBe(inEnglish);
    expect(german.short(at, NOW).replace(",", "")).toBe(inGerman);
  });

  it.each([
    [NOW - 20_000, "now", "jetzt"],
    [NOW - 3 * HOUR, "3 hours ago", "vor 3 Stunden"],
    [NOW + DAY, "tomorrow", "morgen"],
    [NOW + 90 * DAY, "in 3 months", "in 3 Monaten"],
  ])("have a distance to now: %i", (at, inEnglish, inGerman) => {
    expect(english.distance(at, NOW)).toBe(inEnglish);
    expect(german.distance(at, NOW)).toBe(inGerman);
  });

  it("are to the second where seconds matter, and on another day as close as they need to be", () => {
    expect(english.precise(NOW + 7_000)).toBe("14:02:07");
    expect(english.moment(NOW + 7_000, NOW)).toBe("14:02:07");
    expect(english.moment(NOW - 2 * DAY, NOW)).toBe(english.short(NOW - 2 * DAY, NOW));
    expect(english.clock(NOW + 7_000)).toBe("14:02");
  });

  it("are shown in full with their zone", () => {
    expect(english.instant(NOW)).toBe("28 Nov 2026, 14:02 UTC");
  });
});

describe("the language of a browser", () => {
  it.each([
    [["de-AT", "en"], "de"],
    [["fr", "de"], "de"],
    [["EN-us"], "en"],
    [["fr"], "en"],
    [[], "en"],
  ])("%j is read in %s", (languages, expected) => {
    expect(languageOf(languages)).toBe(expected);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationOf, UNITS } from "../../src/kit/fields/duration";
import { membersOf, type Plan, planOf, WEEKDAYS } from "../../src/kit/trigger/schedule";
import { planText, scheduleText } from "../../src/kit/trigger/schedule-words";
import { TRIGGER_TEXTS } from "../../src/kit/trigger/text";

const time = { hour: fc.nat(23), minute: fc.nat(59) };
const days = fc.subarray([...WEEKDAYS], { minLength: 1 });
const duration = fc.record({ amount: fc.nat(1_000), unit: fc.constantFrom(...UNITS) }).map(durationOf);
/** What the schedule builder can make of its fields. */
const built: fc.Arbitrary<Plan> = fc.oneof(
  fc.record({ kind: fc.constant("every" as const), every: fc.oneof(duration, fc.constantFrom("P1DT2H", "")) }),
  fc.record({ kind: fc.constant("weekly" as const), days, ...time }),
  fc.record({ kind: fc.constant("monthly" as const), day: fc.integer({ min: 1, max: 31 }), ...time }),
  fc.record({
    kind: fc.constant("cron" as const),
    cron: fc.constantFrom("", "0 7 ", "*/5 * * * *", "0 7 L * *", "0 7 * * MON#1", "30 0 7 * * *", "0 7,8 * * *"),
  }),
);

const english = (schedule: unknown) => scheduleText(schedule, TRIGGER_TEXTS.en);
const german = (schedule: unknown) => scheduleText(schedule, TRIGGER_TEXTS.de);

describe("a plan", () => {
  it("that the builder writes is read as the same plan, and has words in both languages", () => {
    fc.assert(
      fc.property(built, (plan) => {
        expect(planOf(membersOf(plan))).toEqual(plan);
        for (const words of Object.values(TRIGGER_TEXTS)) {
          const text = planText(plan, words);
          expect(text).not.toMatch(/undefined|^\s*$/);
          expect(scheduleText(membersOf(plan), words)).toBe(text);
          if (plan.kind !== "cron") expect(text).not.toMatch(/Cron|\*/);
        }
      }),
    );
  });

  it("of every combination of days has words that differ", () => {
    const all = Array.from({ length: 127 }, (_, at) => WEEKDAYS.filter((_day, bit) => (at + 1) & (1 << bit)));
    for (const words of [english, german]) {
      const texts = all.map((each) => words(membersOf({ kind: "weekly", days: each, hour: 7, minute: 0 })));
      expect(new Set(texts).size).toBe(all.length);
    }
  });

  it("without a day is daily", () => {
    expect(membersOf({ kind: "weekly", days: [], hour: 7, minute: 0 })).toEqual({ cron: "0 7 * * *" });
  });

  it("is on weekdays, monthly, every so often, or any other cron expression", () => {
    expect(planOf({ cron: "30 7 * * MON-FRI" })).toMatchObject({ kind: "weekly", hour: 7, minute: 30 });
    expect(planOf({ cron: "0 6 * * 7" })).toMatchObject({ kind: "weekly", days: ["SUN"] });
    expect(planOf({ cron: "0 6 1 * *" })).toEqual({ kind: "monthly", day: 1, hour: 6, minute: 0 });
    expect(planOf({ every: "PT2H" })).toEqual({ kind: "every", every: "PT2H" });
    for (const cron of ["*/5 * * * *", "0 7 * * MON#1", "0 7 * 1 *", "0 24 * * *", "0 7 32 * *", "0 7 1 * MON", " "]) {
      expect(planOf({ cron })).toEqual({ kind: "cron", cron });
    }
  });

  it("has the days that cron counts from Sunday, and no range that ends before it begins", () => {
    const daysOf = (names: string) => planOf({ cron: `0 7  * * ${names}` });
    expect(daysOf("sun-tue")).toMatchObject({ days: ["MON", "TUE", "SUN"] });
    expect(daysOf("0-6")).toMatchObject({ days: WEEKDAYS });
    expect(daysOf("5-7")).toMatchObject({ days: ["FRI", "SAT", "SUN"] });
    expect(daysOf("MON,3,FRI-SAT")).toMatchObject({ days: ["MON", "WED", "FRI", "SAT"] });
    for (const names of ["FRI-SUN", "MON-", "1-2-3", "8", "MON-FRI/2", "MON,"]) {
      expect(daysOf(names)).toMatchObject({ kind: "cron" });
    }
  });

  it("means the same after it was read and written", () => {
    for (const cron of ["0 7 * * MON,TUE,WED,THU,FRI", "15 23 * * *", "5 0 31 * *", "0 0 1 1 *"]) {
      expect(membersOf(planOf({ cron }))).toEqual({ cron });
    }
  });
});

describe("a schedule in words", () => {
  it("is that of the builder's first plan", () => {
    const schedule = membersOf(planOf(undefined));
    expect(english(schedule)).toBe("Mon–Fri 07:00");
    expect(german(schedule)).toBe("Mo–Fr 07:00");
  });

  it("names days in a row by the first and the last", () => {
    expect(english({ cron: "0 7 * * MON-FRI", timezone: "Europe/Dublin" })).toBe("Mon–Fri 07:00, Europe/Dublin");
    expect(english({ cron: "0 6 * * 0" })).toBe("Sun 06:00");
    expect(english({ cron: "5 6 * * MON,TUE,WED,FRI" })).toBe("Mon–Wed, Fri 06:05");
    expect(german({ cron: "5 6 * * TUE,WED,SUN" })).toBe("Di, Mi, So 06:05");
    expect(english({ cron: "30 18 * * *" })).toBe("Daily 18:30");
    expect(german({ cron: "30 18 * * 0-6" })).toBe("Täglich 18:30");
  });

  it("names the day of a month", () => {
    expect(english({ cron: "0 6 1 * *" })).toBe("On day 1 of the month, 06:00");
    expect(german({ cron: "0 6 31 * *" })).toBe("Am 31. des Monats, 06:00");
  });

  it("names durations by their units", () => {
    expect(english({ every: "P1D" })).toBe("Every day");
    expect(german({ every: "P1D" })).toBe("Jeden Tag");
    expect(german({ every: "P2D" })).toBe("Alle 2 Tage");
    expect(english({ every: "P1DT2H" })).toBe("Every 1 day 2 hours");
    expect(german({ every: "P2DT1H" })).toBe("Im Abstand von 2 Tagen 1 Stunde");
    expect(english({ every: "${environment.every}" })).toBe("Every ${environment.every}");
    expect(english({ cron: "*/15 * * * *" })).toBe("Every 15 minutes");
    expect(german({ cron: "* * * * *" })).toBe("Jede Minute");
  });

  it("is what its author wrote where there are no simple words", () => {
    for (const cron of ["0 7 * 1 *", "0 7,8 * * *", "30 0 7 * * *", "0 7 L * *", "0 7 * * MON#2", "*/7 * * * *"]) {
      expect(english({ cron })).toBe(`Cron ${cron}`);
    }
    expect(english({ cron: " " })).toBe("No time is set");
    expect(english(null)).toBe("Called by a program");
  });
});

import { describe, expect, it } from "vitest";
import { browserJournals, courteous, MOST_JOURNALS } from "../../src/editing/keeping/journals";
import { fakeIndexedDb } from "../fakes/indexed-db";
import { handTimers } from "./timers";

function opened() {
  const timers = handTimers();
  const fake = fakeIndexedDb();
  const of = (kind: string) => browserJournals(kind, timers, () => fake.factory);
  return { timers, fake, of };
}

describe("the journals of a browser", () => {
  it("keep one text for each key until it is removed", async () => {
    const { of } = opened();
    const journals = of("card");
    expect(await journals.read("k")).toBeNull();
    await journals.write("k", "one");
    await journals.write("k", "two");
    expect(await of("card").read("k")).toBe("two");
    await journals.remove("k");
    expect(await journals.read("k")).toBeNull();
  });

  it("forget the oldest of a kind, and none of another kind", async () => {
    const { timers, fake, of } = opened();
    await of("workflow").write("w", "w");
    const journals = of("card");
    for (let number = 0; number < MOST_JOURNALS + 2; number += 1) {
      timers.pass(1_000);
      await journals.write(`k${number}`, "");
      // The first is written again and again: it is not old.
      await journals.write("k0", "");
    }
    expect(fake.keys("looply-card")).toHaveLength(MOST_JOURNALS);
    expect(fake.keys("looply-card")).toContain("k0");
    expect(fake.keys("looply-card")).not.toContain("k1");
    expect(fake.keys("looply-workflow")).toEqual(["w"]);
  });

  it("reject while the browser keeps nothing, and open the database again when it does", async () => {
    const { fake, of } = opened();
    const journals = of("card");
    fake.problem = new Error("full");
    await expect(journals.write("k", "x")).rejects.toThrow("full");
    fake.problem = null;
    await journals.write("k", "x");
    expect(await journals.read("k")).toBe("x");
  });

  it("reject where the browser refuses its store altogether, and courteous ones do not", async () => {
    const refused = browserJournals("card", handTimers(), () => {
      throw new Error("insecure");
    });
    await expect(refused.read("k")).rejects.toThrow("insecure");
    const journals = courteous(refused);
    await journals.write("k", "x");
    await journals.remove("k");
    expect(await journals.read("k")).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { createHold, HOLD_MS } from "../../src/inbox/deciding/hold";
import { fillCard } from "../../src/inbox/deciding/refill";

function holding() {
  const sent: string[] = [];
  const timers: { run: () => void; after: number; isStopped: boolean }[] = [];
  const answers: ((isRecorded: boolean) => void)[] = [];
  const hold = createHold<string>(
    (decision) => {
      sent.push(decision);
      return new Promise((answer) => answers.push(answer));
    },
    (run, after) => {
      const timer = { run, after, isStopped: false };
      timers.push(timer);
      return () => {
        timer.isStopped = true;
      };
    },
  );
  const ring = (): void => {
    for (const timer of timers.splice(0)) if (!timer.isStopped) timer.run();
  };
  return { hold, sent, timers, answers, ring };
}

describe("a decision that is held", () => {
  it("is sent once, after its time", () => {
    const { hold, sent, timers, ring } = holding();
    hold.hold("one");
    expect(sent).toEqual([]);
    expect(timers.map(({ after }) => after)).toEqual([HOLD_MS]);
    ring();
    ring();
    void hold.flush();
    expect(sent).toEqual(["one"]);
    expect(hold.held()).toBeNull();
    expect(hold.undo()).toBeNull();
  });

  it("is never sent after it was taken back", async () => {
    const { hold, sent, ring } = holding();
    hold.hold("one");
    expect(hold.undo()).toBe("one");
    ring();
    expect(await hold.flush()).toBe(true);
    expect(sent).toEqual([]);
  });

  it("is sent at once by the next one, which has its whole time", () => {
    const { hold, sent, timers, ring } = holding();
    hold.hold("one");
    hold.hold("two");
    expect(sent).toEqual(["one"]);
    expect(hold.held()).toBe("two");
    expect(timers.map(({ isStopped }) => isStopped)).toEqual([true, false]);
    ring();
    expect(sent).toEqual(["one", "two"]);
  });

  it("is waited for by who ends the session, with those on their way", async () => {
    const { hold, sent, answers } = holding();
    hold.hold("one");
    hold.hold("two");
    let isRecorded: boolean | null = null;
    const flushed = hold.flush().then((all) => {
      isRecorded = all;
    });
    expect(sent).toEqual(["one", "two"]);
    answers[1]?.(true);
    await Promise.resolve();
    expect(isRecorded).toBeNull();
    answers[0]?.(false);
    await flushed;
    expect(isRecorded).toBe(false);
  });

  it("notifies who shows it when it changes", () => {
    const { hold, ring } = holding();
    const seen: (string | null)[] = [];
    const forget = hold.subscribe(() => seen.push(hold.held()));
    hold.hold("one");
    hold.undo();
    hold.hold("two");
    ring();
    forget();
    hold.hold("three");
    expect(seen).toEqual(["one", null, "two", null]);
  });
});

describe("a card whose answer was taken back", () => {
  it("has what was filled in again, and nothing else", () => {
    const input = { type: "Input.Text", id: "comment" };
    const other = { type: "Input.Text", id: "reason", value: "as it was" };
    const card = { body: [{ type: "Container", id: "comment", items: [input, other] }] };
    const items = [{ ...input, value: "as agreed" }, other];
    const filled = { body: [{ type: "Container", id: "comment", items }] };
    expect(fillCard(card, { comment: "as agreed", action: "approve" })).toEqual(filled);
  });
});

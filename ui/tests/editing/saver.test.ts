import { describe, expect, it } from "vitest";
import { CallError, type CallErrorKind } from "../../src/api/errors";
import {
  LONGEST_RETRY_MS,
  RETRY_MS,
  SAVE_MS,
  Saver,
  type SaverSetup,
  type SaveState,
} from "../../src/editing/keeping/saver";
import { refusal } from "../fakes/api";
import { fakeServer, mergeTexts, type Plain, settled, type Text } from "./keeping";
import { handTimers } from "./timers";

/** A document that is open, over a server in memory. */
function opened(more: Partial<SaverSetup<Plain>> = {}) {
  const timers = handTimers();
  const server = fakeServer({ a: 0, b: 0 });
  const states: SaveState<Plain>[] = [];
  const known: number[] = [];
  let document = server.stored.document;
  const saver = new Saver<Plain>({
    ...{ opened: server.stored, server, timers, merge: mergeTexts },
    document: () => document,
    take: (merged) => {
      document = merged;
      saver.follow();
    },
    asksBefore: () => false,
    onState: (state) => states.push(state),
    onStored: ({ modifiedOn }) => known.push(modifiedOn),
    ...more,
  });
  const write = (change: Text): void => {
    document = { ...document, ...change };
    saver.follow();
  };
  const pass = async (millis: number): Promise<void> => {
    timers.pass(millis);
    await settled();
  };
  const last = (): SaveState<Plain> | undefined => states.at(-1);
  return { timers, server, saver, states, known, write, pass, last, document: () => document };
}

const passing: CallErrorKind[] = ["offline", "unavailable", "too-many", "signed-out", "outcome-unknown"];

describe("a saver", () => {
  it("waits two seconds after the last change, and sends once", async () => {
    const { server, write, pass, last, timers } = opened();
    write({ a: 1 });
    await pass(SAVE_MS - 500);
    write({ a: 2 });
    await pass(SAVE_MS - 500);
    expect([server.saves, last()?.kind]).toEqual([0, "changed"]);
    await pass(500);
    expect([server.saves, last()]).toEqual([1, { kind: "saved", at: timers.now() }]);
    expect(server.stored.document).toEqual({ a: 2, b: 0 });
  });

  it("sends one call after the other: what changed while it saved is saved after a pause", async () => {
    const { server, write, pass, last } = opened();
    write({ a: 1 });
    const answer = server.hold();
    await pass(SAVE_MS);
    write({ a: 2 });
    await pass(SAVE_MS);
    expect([server.saves, last()?.kind]).toEqual([1, "saving"]);
    answer();
    await settled();
    expect(last()?.kind).toBe("changed");
    await pass(SAVE_MS);
    expect([server.saves, last()?.kind, server.stored.document]).toEqual([2, "saved", { a: 2, b: 0 }]);
  });

  it("leaves nothing unsaved when it is flushed, also while a call runs", async () => {
    const { server, saver, write, last } = opened();
    write({ a: 1 });
    const answer = server.hold();
    const first = saver.flush();
    write({ a: 2 });
    const second = saver.flush();
    answer();
    await Promise.all([first, second]);
    expect([server.saves, last()?.kind, server.stored.document]).toEqual([2, "saved", { a: 2, b: 0 }]);
  });

  it.each(passing)("tries again by itself after %s, after longer and longer pauses", async (kind) => {
    const { server, write, pass, last } = opened();
    server.problem = new CallError({ kind });
    write({ a: 1 });
    await pass(SAVE_MS);
    expect(last()).toMatchObject({ kind: "failed", isRetried: true, error: { facts: { kind } } });
    const pauses = [1, 2, 4, 8, 12, 12].map((times) => times * RETRY_MS);
    expect(pauses.at(-1)).toBe(LONGEST_RETRY_MS);
    for (const [at, pause] of pauses.entries()) {
      await pass(pause - 1);
      expect(server.saves).toBe(at + 1);
      await pass(1);
      expect(server.saves).toBe(at + 2);
    }
    server.problem = null;
    await pass(LONGEST_RETRY_MS);
    expect([last()?.kind, server.stored.document]).toEqual(["saved", { a: 1, b: 0 }]);
  });

  it("waits as long as the server asks, and no change makes it call earlier", async () => {
    const { server, write, pass, last } = opened();
    server.problem = new CallError({ kind: "too-many", retryAfter: 90 });
    write({ a: 1 });
    await pass(SAVE_MS);
    write({ a: 2 });
    await pass(89_000);
    expect([server.saves, last()?.kind]).toEqual([1, "failed"]);
    server.problem = null;
    await pass(1_000);
    expect(server.stored.document).toEqual({ a: 2, b: 0 });
  });

  it("saves at once when it is asked to, such as when the network is there again", async () => {
    const { server, saver, write, pass, last } = opened();
    server.problem = new CallError({ kind: "offline" });
    write({ a: 1 });
    await pass(SAVE_MS);
    server.problem = null;
    await saver.flush();
    expect([server.saves, last()?.kind]).toEqual([2, "saved"]);
  });

  it("stays with what the server refuses until it is changed", async () => {
    const { server, write, pass, last } = opened();
    server.problem = refusal(422, "INVALID");
    write({ a: 1 });
    await pass(SAVE_MS);
    await pass(LONGEST_RETRY_MS);
    expect([server.saves, last()]).toMatchObject([1, { kind: "failed", isRetried: false }]);
    server.problem = null;
    write({ a: 2 });
    await pass(SAVE_MS);
    expect(last()?.kind).toBe("saved");
  });

  it("merges what another author saved, and saves that", async () => {
    const { server, saver, write, last, document } = opened();
    server.saveAs("Ada", { a: 0, b: 7 });
    write({ a: 1 });
    await saver.flush();
    expect(document()).toEqual({ a: 1, b: 7 });
    expect([server.stored.document, last()?.kind]).toEqual([{ a: 1, b: 7 }, "saved"]);
  });

  it("counts what is written while the version of another author is read", async () => {
    const { server, saver, write } = opened();
    server.saveAs("Ada", { a: 0, b: 7 });
    write({ a: 1 });
    server.onRead = () => write({ a: 2 });
    await saver.flush();
    expect(server.stored.document).toEqual({ a: 2, b: 7 });
  });

  it("saves nothing where the other author did the same", async () => {
    const { server, saver, write, last } = opened();
    server.saveAs("Ada", { a: 1, b: 0 });
    write({ a: 1 });
    await saver.flush();
    expect([server.saves, last()?.kind, server.stored.by]).toEqual([1, "saved", "Ada"]);
  });

  it("overwrites nothing when both changed one place, and asks", async () => {
    const { server, saver, write, pass, last, states } = opened();
    server.saveAs("Ada", { a: 9, b: 7 });
    write({ a: 1 });
    await saver.flush();
    expect(last()).toMatchObject({ kind: "conflict", conflicts: [{ key: "a", base: 0, mine: 1, theirs: 9 }] });
    expect(last()).toMatchObject({ theirs: { by: "Ada" } });
    write({ b: 0 });
    await pass(LONGEST_RETRY_MS);
    await saver.flush();
    expect([server.saves, states.length]).toEqual([1, 3]);
    await saver.resolve(new Map([["a", { take: "value", value: 5 }]]));
    expect([server.stored.document, last()?.kind]).toEqual([{ a: 5, b: 7 }, "saved"]);
  });

  it("asks about what was written since, and does not ask again about what is decided", async () => {
    const { server, saver, write, last } = opened();
    server.saveAs("Ada", { a: 9, b: 9 });
    write({ a: 1 });
    await saver.flush();
    write({ b: 1 });
    await saver.resolve(new Map([["a", { take: "theirs" }]]));
    expect(last()).toMatchObject({ kind: "conflict", conflicts: [{ key: "b" }] });
    await saver.resolve(new Map([["b", { take: "mine" }]]));
    expect([server.stored.document, last()?.kind]).toEqual([{ a: 9, b: 1 }, "saved"]);
  });

  it("merges once more where another author saved again while a person decided", async () => {
    const { server, saver, write, last } = opened();
    server.saveAs("Ada", { a: 9, b: 0 });
    write({ a: 1 });
    await saver.flush();
    server.saveAs("Ada", { a: 9, b: 4 });
    await saver.resolve(new Map([["a", { take: "mine" }]]));
    expect([server.stored.document, last()?.kind]).toEqual([{ a: 1, b: 4 }, "saved"]);
  });

  it("asks no person about a call of its own whose answer was lost", async () => {
    const { server, saver, write, last, known, document } = opened();
    write({ a: 1 });
    server.losesAnswers = true;
    const answer = server.hold();
    const saving = saver.flush();
    write({ a: 2 });
    answer();
    server.losesAnswers = false;
    await saving;
    expect([server.stored.document, last()?.kind, known]).toEqual([{ a: 2, b: 0 }, "saved", [2, 3]]);
    expect(document()).toEqual({ a: 2, b: 0 });
  });

  it("knows it as its own also where that is found out later", async () => {
    const { server, write, pass, last } = opened();
    write({ a: 1 });
    server.losesAnswers = true;
    server.readProblem = new CallError({ kind: "offline" });
    await pass(SAVE_MS);
    expect(last()).toMatchObject({ kind: "failed", isRetried: true });
    write({ a: 2 });
    server.losesAnswers = false;
    server.readProblem = null;
    await pass(RETRY_MS);
    await pass(SAVE_MS);
    expect([server.stored.document, last()?.kind]).toEqual([{ a: 2, b: 0 }, "saved"]);
  });

  it("tries again when it cannot read what another author saved", async () => {
    const { server, write, pass, last } = opened();
    server.saveAs("Ada", { a: 0, b: 7 });
    server.readProblem = new CallError({ kind: "offline" });
    write({ a: 1 });
    await pass(SAVE_MS);
    expect(last()).toMatchObject({ kind: "failed", isRetried: true, error: { facts: { kind: "offline" } } });
    server.readProblem = null;
    await pass(RETRY_MS);
    await pass(SAVE_MS);
    expect(server.stored.document).toEqual({ a: 1, b: 7 });
  });

  it("shows a conflict that is none of versions as what the server refuses", async () => {
    const { server, saver, write, last } = opened();
    server.problem = refusal(409, "LOCKED");
    write({ a: 1 });
    await saver.flush();
    expect(last()).toMatchObject({ kind: "failed", isRetried: false, error: { facts: { code: "LOCKED" } } });
  });

  it("saves over a version that asks only when a person has allowed it, and asks again over another one", async () => {
    const { server, saver, write, pass, last } = opened({ asksBefore: ({ by }) => by !== "me" });
    write({ a: 1 });
    await pass(LONGEST_RETRY_MS);
    await saver.flush();
    expect([server.saves, last()]).toEqual([0, { kind: "changed", isHeld: true }]);
    await saver.allow();
    expect([server.saves, last()?.kind]).toEqual([1, "saved"]);
    server.saveAs("Ada", { a: 1, b: 7 });
    write({ a: 2 });
    await saver.flush();
    expect([server.stored.document, last()]).toEqual([
      { a: 1, b: 7 },
      { kind: "changed", isHeld: true },
    ]);
  });

  it("saves what is left when it is stopped, and then nothing", async () => {
    const { server, saver, write, pass } = opened();
    write({ a: 1 });
    const answer = server.hold();
    const first = saver.flush();
    write({ a: 2 });
    saver.stop();
    answer();
    await first;
    await settled();
    expect(server.stored.document).toEqual({ a: 2, b: 0 });
    write({ a: 3 });
    await saver.flush();
    await pass(LONGEST_RETRY_MS);
    expect(server.saves).toBe(2);
  });

  it("tries nothing again after it was stopped", async () => {
    const { server, saver, write, pass, states } = opened();
    write({ a: 1 });
    server.problem = new CallError({ kind: "offline" });
    saver.stop();
    await pass(LONGEST_RETRY_MS);
    expect([server.saves, states.at(-1)?.kind]).toEqual([1, "saving"]);
  });
});

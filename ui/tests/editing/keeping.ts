/** A small kind of document, and a server in memory that refuses what is written over a newer state. */

import { CallError } from "../../src/api/errors";
import { type Choices, type Conflict, Decider, type Merged, mergeValues } from "../../src/editing/document/merge";
import type { Journals } from "../../src/editing/keeping/journals";
import type { Stored } from "../../src/editing/keeping/kind";
import type { ServerPort } from "../../src/editing/keeping/saver";
import { refusal } from "../fakes/api";

export type Text = Record<string, unknown>;

export interface Plain {
  stored: Stored<Text>;
  name: string;
  focus: unknown;
  conflict: Conflict;
}

/** The merge of texts: by member, lists as one value. */
export function mergeTexts(base: Text, mine: Text, theirs: Text, choices: Choices): Merged<Text> {
  const decider = new Decider(choices);
  const document = mergeValues(base, mine, theirs, {
    decide: (sides) => decider.decide({ ...sides, key: String(sides.path) }),
    lists: () => null,
  });
  return { document: document as Text, conflicts: decider.conflicts };
}

export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
};

export interface FakeServer extends ServerPort<Plain> {
  stored: Stored<Text>;
  saves: number;
  /** What the next saves are refused with; nothing is stored. */
  problem: CallError | null;
  readProblem: CallError | null;
  /** Saves are stored, and their answer does not arrive. */
  losesAnswers: boolean;
  onRead: () => void;
  /** Keeps the answer of the next save until the returned function is called. */
  hold: () => () => void;
  saveAs: (by: string, document: Text) => void;
}

export function fakeServer(document: Text): FakeServer {
  let held: Promise<void> = Promise.resolve();
  const server: FakeServer = {
    stored: { document, modifiedOn: 1, version: 1, by: "" },
    saves: 0,
    problem: null,
    readProblem: null,
    losesAnswers: false,
    onRead: () => undefined,
    hold: () => {
      let release = (): void => undefined;
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    saveAs: (by, next) => {
      server.stored = { ...server.stored, document: next, modifiedOn: server.stored.modifiedOn + 1, by };
    },
    save: async (next, { modifiedOn }) => {
      const { problem, losesAnswers } = server;
      const answered = held;
      held = Promise.resolve();
      server.saves += 1;
      if (problem === null && modifiedOn === server.stored.modifiedOn) {
        server.saveAs("me", JSON.parse(JSON.stringify(next)));
      } else if (problem === null) throw refusal(409, "STALE");
      const { stored } = server;
      await answered;
      if (problem !== null) throw problem;
      if (losesAnswers) throw new CallError({ kind: "outcome-unknown" });
      return stored;
    },
    read: async () => {
      server.onRead();
      server.onRead = () => undefined;
      if (server.readProblem !== null) throw server.readProblem;
      return server.stored;
    },
  };
  return server;
}

/** Journals in memory. */
export function memoryJournals(): Journals & { texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    read: async (key) => texts.get(key) ?? null,
    write: async (key, text) => void texts.set(key, text),
    remove: async (key) => void texts.delete(key),
  };
}

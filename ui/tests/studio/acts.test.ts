import { describe, expect, it } from "vitest";
import { CallError } from "../../src/api/errors";
import { START } from "../../src/graph/outline";
import { copy, cut, paste, pasteText, rename } from "../../src/studio/actions/acts";
import { changeSetting } from "../../src/studio/document/commands/settings";
import { stepById } from "../../src/studio/document/definition";
import { createScreenStore } from "../../src/studio/screen-state";
import type { Outer, Studio } from "../../src/studio/studio";
import { german } from "../../src/studio/text.de";
import { english } from "../../src/studio/text.en";
import { edgesIn, idsIn, ORDERS, storeOf } from "./definitions";

function studioOf(outer: Partial<Outer>, focused = "email_1"): Studio {
  const denied = () => Promise.reject(new DOMException("", "NotAllowedError"));
  const nothing = (): void => undefined;
  return {
    store: storeOf(ORDERS),
    screen: createScreenStore(focused),
    outer: {
      save: nothing,
      rename: async (definition) => definition,
      readClipboard: denied,
      writeClipboard: denied,
      create: async () => "workflow-2",
      open: nothing,
      setNote: nothing,
      setFolded: nothing,
      setKnown: nothing,
      ...outer,
    },
  };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
const refusalOf = ({ store }: Studio) => store.getState().refusal;
const documentOf = ({ store }: Studio) => store.getState().document;

describe("a clipboard that the browser denies", () => {
  it("is what copy, cut and paste say, and nothing is changed", async () => {
    for (const act of [copy, cut, paste]) {
      const studio = studioOf({});
      await act(studio);
      expect(refusalOf(studio)).toEqual({ why: "clipboard-denied", about: "" });
      expect(documentOf(studio)).toBe(ORDERS);
    }
  });

  it("is said too where the browser has none", async () => {
    const studio = studioOf({
      readClipboard: () => {
        throw new TypeError("navigator.clipboard is undefined");
      },
    });
    await paste(studio);
    expect(refusalOf(studio)).toMatchObject({ why: "clipboard-denied" });
  });

  it("is not what a paste says of a text that it cannot read", async () => {
    const studio = studioOf({ readClipboard: async () => "<p>markup</p>" });
    await paste(studio);
    expect(refusalOf(studio)).toMatchObject({ why: "clipboard-text" });
  });
});

describe("a paste of a whole workflow", () => {
  const text = JSON.stringify(ORDERS);
  const place = { from: "email_1", exit: "next" };

  it("opens the new workflow", async () => {
    const opened: string[] = [];
    pasteText(studioOf({ open: (id) => void opened.push(id) }), text, place);
    await settle();
    expect(opened).toEqual(["workflow-2"]);
  });

  it.each([
    [
      new CallError({ kind: "too-many", message: "The limit of workflows is reached." }),
      "The limit of workflows is reached.",
    ],
    [new CallError({ kind: "outcome-unknown", message: "OUTCOME_UNKNOWN" }), ""],
    [new CallError({ kind: "offline" }), ""],
  ])("says what the server says: %s", async (error, about) => {
    const studio = studioOf({ create: () => Promise.reject(error) });
    pasteText(studio, text, place);
    await settle();
    expect(refusalOf(studio)).toEqual({ why: "not-created", about });
    for (const { why } of [english, german]) {
      const said = why["not-created"](about);
      expect(said).toContain(about);
      expect(/^(No new workflow|Es entstand kein)/.test(said)).toBe(about !== "");
    }
  });
});

describe("renaming", () => {
  const renamed: Outer["rename"] = async (definition, from, to) =>
    JSON.parse(JSON.stringify(definition).replaceAll(`"${from}"`, `"${to}"`));
  const edit = (studio: Studio, value: string): void => {
    studio.store.getState().attempt(changeSetting(documentOf(studio), "delay_1", ["for"], value));
  };

  it("keeps what changed while the server renamed", async () => {
    let calls = 0;
    const studio = studioOf({
      rename: (definition, from, to) => {
        calls += 1;
        if (calls === 1) edit(studio, "PT2H");
        return renamed(definition, from, to);
      },
    });
    expect(await rename(studio, "email_1", "mail")).toBe(true);
    expect(calls).toBe(2);
    expect(stepById(documentOf(studio), "delay_1")?.settings).toEqual({ for: "PT2H" });
    expect(edgesIn(documentOf(studio))).toContain("mail next parallel_1");
    expect(studio.screen.getState().focused).toBe("mail");
    expect(refusalOf(studio)).toBeNull();
  });

  it("ends where the id was given to another step in between", async () => {
    const studio = studioOf({
      rename: async (definition, from, to) => {
        const done = await renamed(definition, from, to);
        studio.store
          .getState()
          .reset({ document: await renamed(definition, "delay_1", to), log: studio.store.getState().log });
        return done;
      },
    });
    expect(await rename(studio, "email_1", "mail")).toBe(false);
    expect(refusalOf(studio)).toEqual({ why: "id-taken", about: "mail" });
    expect(idsIn(documentOf(studio))).toContain("email_1");
  });

  it("gives up where the document never rests, renames nothing and says that", async () => {
    let calls = 0;
    const studio = studioOf({
      rename: (definition, from, to) => {
        calls += 1;
        edit(studio, `PT${calls + 1}H`);
        return renamed(definition, from, to);
      },
    });
    expect(await rename(studio, "email_1", "mail")).toBe(false);
    expect(refusalOf(studio)).toEqual({ why: "edited-since", about: "mail" });
    expect(idsIn(documentOf(studio))).toContain("email_1");
    expect(studio.screen.getState().focused).toBe("email_1");
  });

  it("rejects with what the server says, and asks nothing for the same id", async () => {
    const error = new CallError({ kind: "unavailable" });
    const studio = studioOf({ rename: () => Promise.reject(error) });
    await expect(rename(studio, "email_1", "mail")).rejects.toBe(error);
    expect(await rename(studio, "email_1", "email_1")).toBe(true);
    expect(await rename(studio, START, "mail")).toBe(false);
  });
});

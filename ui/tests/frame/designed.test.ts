import { afterEach, describe, expect, it } from "vitest";
import { createFrame } from "../../src/frame/frame";
import { type FromFrame, fromFrameOf, PART, type ToFrame } from "../../src/frame/messages";

const words = { locale: "en", moreActions: "More", imageSign: "Image:", unnamedImage: "no text" };
const card = {
  type: "AdaptiveCard",
  version: "1.5",
  body: [
    { type: "TextBlock", text: "First", [PART]: "/body/0" },
    { type: "TextBlock", text: "Again", [PART]: "/body/0" },
    {
      type: "ColumnSet",
      [PART]: "/body/1",
      columns: [{ type: "Column", [PART]: "/body/1/columns/0", items: [{ type: "TextBlock", text: "In a column" }] }],
    },
    { type: "Image", url: "https://elsewhere.invalid/a.png", altText: "A pump", [PART]: "/body/2" },
  ],
  actions: [{ type: "Action.Submit", title: "Approve", data: { action: "approve" }, [PART]: "/actions/0" }],
};

function frame(isDesigned: boolean) {
  const root = document.createElement("main");
  document.body.append(root);
  const posted: FromFrame[] = [];
  const take = createFrame({ root, post: (message) => posted.push(message), takeTheme: () => undefined });
  const show: ToFrame = { kind: "card", card, isOpen: true, theme: "light", words, look: "teams", isDesigned };
  take(show);
  const parts = (pointer: string): HTMLElement[] => [...root.querySelectorAll<HTMLElement>(`[data-part="${pointer}"]`)];
  return { root, take, posted, parts };
}

afterEach(() => document.body.replaceChildren());

describe("a card that is designed", () => {
  it("says which part was pressed, the innermost, and keeps its buttons", () => {
    const { posted, parts, root } = frame(true);
    root.querySelector<HTMLElement>("[data-part='/body/1/columns/0'] p")?.click();
    expect(posted).toContainEqual({ kind: "part", part: "/body/1/columns/0" });
    const button = parts("/actions/0")[0];
    expect(button?.closest("[hidden]")).toBeNull();
    button?.click();
    expect(posted).toContainEqual({ kind: "part", part: "/actions/0" });
    expect(posted).toContainEqual(expect.objectContaining({ kind: "action" }));
    expect(parts("/body/2")[0]?.textContent).toBe("Image: A pump");
  });

  it("marks each repetition of a part, and marks again when it is drawn again", () => {
    const { take, parts } = frame(true);
    take({ kind: "mark", parts: ["/body/0"] });
    expect(parts("/body/0").map((each) => each.hasAttribute("data-marked"))).toEqual([true, true]);
    take({ kind: "card", card, isOpen: true, theme: "dark", words, look: "inbox", isDesigned: true });
    expect(parts("/body/0").every((each) => each.hasAttribute("data-marked"))).toBe(true);
    take({ kind: "mark", parts: ["/body/1"] });
    expect(parts("/body/0").some((each) => each.hasAttribute("data-marked"))).toBe(false);
  });

  it("is not what a recipient gets: there the app has the buttons", () => {
    const { parts } = frame(false);
    expect(parts("/actions/0")[0]?.closest("[hidden]")).not.toBeNull();
  });

  it("is not trusted: addresses that are none are not taken", () => {
    expect(fromFrameOf({ kind: "part", part: "/body/0", more: 1 })).toEqual({ kind: "part", part: "/body/0" });
    expect(fromFrameOf({ kind: "part", part: 1 })).toBeNull();
    expect(fromFrameOf({ kind: "part", part: "x".repeat(3_000) })).toBeNull();
  });
});

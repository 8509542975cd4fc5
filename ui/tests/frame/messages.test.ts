import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withoutRemoteImages } from "../../src/frame/images";
import { outsideLinkOf } from "../../src/frame/links";
import { fromFrameOf, LARGEST, toFrameOf } from "../../src/frame/messages";

describe("the messages of a frame", () => {
  it("are taken by their kind, with nothing but what it has", () => {
    expect(fromFrameOf({ kind: "ready", more: 1 })).toEqual({ kind: "ready" });
    expect(fromFrameOf({ kind: "height", height: 120.4 })).toEqual({ kind: "height", height: 121 });
    expect(fromFrameOf({ kind: "height", height: 1e9 })).toEqual({ kind: "height", height: 20_000 });
    expect(fromFrameOf({ kind: "drawn", buttons: [{ title: "Send", style: "loud", x: 1 }] })).toEqual({
      kind: "drawn",
      buttons: [{ title: "Send", style: "default" }],
    });
    const action = { title: "Approve", style: "positive", data: { action: "approve" }, isKey: false };
    expect(fromFrameOf({ kind: "action", action })).toEqual({ kind: "action", action });
  });

  it("are refused when they are large, or of a wrong shape", () => {
    expect(fromFrameOf({ kind: "action", action: { data: { comment: "x".repeat(LARGEST) } } })).toBeNull();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(fromFrameOf({ kind: "action", action: { data: circle } })).toBeNull();
    for (const wrong of [null, "ready", { kind: "height", height: "1" }, { kind: "link" }, { kind: "other" }]) {
      expect(fromFrameOf(wrong)).toBeNull();
    }
    expect(toFrameOf({ kind: "run" })).toBeNull();
  });

  it("never throw, whatever arrives", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        fromFrameOf(value);
        toFrameOf(value);
      }),
    );
  });
});

describe("links of a card", () => {
  it("name the host that is asked about", () => {
    expect(outsideLinkOf("https://user@elsewhere.example:8443/a")?.host).toBe("elsewhere.example:8443");
    expect(outsideLinkOf("mailto:buyer@example.com")?.host).toBe("buyer@example.com");
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "/v2/session/get", "vbscript:x", ""])(
    "%s opens nothing",
    (url) => {
      expect(outsideLinkOf(url)).toBeNull();
    },
  );
});

describe("images of a card", () => {
  const words = { sign: "Image:", unnamed: "no text" };
  const clean = (body: object[]) => withoutRemoteImages({ type: "AdaptiveCard", body }, words).body;

  it("of other hosts become their text", () => {
    expect(clean([{ type: "Image", url: "https://example.com/a.png", altText: "A pump", spacing: "large" }])).toEqual([
      { type: "TextBlock", text: "Image: A pump", wrap: true, isSubtle: true, spacing: "large" },
    ]);
    expect(clean([{ type: "ImageSet", images: [{ type: "Image", url: "//example.com/a.png" }] }])).toEqual([
      { type: "Container", items: [{ type: "TextBlock", text: "Image: no text", wrap: true, isSubtle: true }] },
    ]);
  });

  it("that the card holds stay, and decoration of other hosts goes", () => {
    const own = { type: "Image", url: "data:image/png;base64,AA==" };
    expect(clean([own])).toEqual([own]);
    expect(clean([{ type: "Container", backgroundImage: { url: "https://example.com/a.png" }, items: [] }])).toEqual([
      { type: "Container", items: [] },
    ]);
  });

  it("in what an action sends are not touched", () => {
    const data = { type: "Image", url: "https://example.com/a.png", iconUrl: "x" };
    const action = { type: "Action.Submit", title: "Send", iconUrl: "https://example.com/i.png", data };
    const { actions } = withoutRemoteImages({ type: "AdaptiveCard", actions: [action] }, words);
    expect(actions).toEqual([{ type: "Action.Submit", title: "Send", data }]);
  });

  it("leave no address of another host, however they are nested", () => {
    const image = fc.constant({ type: "Image", url: "https://elsewhere.invalid/a.png" });
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        image,
        fc.record({ type: fc.constant("ImageSet"), images: fc.array(image) }),
        fc.record({
          type: fc.constantFrom("Container", "Column", "TableCell"),
          backgroundImage: fc.constant("https://elsewhere.invalid/b.png"),
          items: fc.array(tie("tree"), { maxLength: 4 }),
        }),
      ),
    }));
    fc.assert(
      fc.property(fc.array(tree), (body) => {
        expect(JSON.stringify(clean(body as object[]))).not.toContain("elsewhere");
      }),
    );
  });
});

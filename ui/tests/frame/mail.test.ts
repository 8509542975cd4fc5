/** What is drawn of a mail, whatever is in it. */

import { describe, expect, it } from "vitest";
import { mailBody, toMailOf, withoutHandlers } from "../../src/frame/mail/mail";
import { fromMailOf, TALLEST_MAIL } from "../../src/frame/mail/messages";

function drawn(html: string): HTMLElement {
  const holder = document.createElement("main");
  const read = new DOMParser().parseFromString(html, "text/html");
  holder.append(mailBody(read, { locale: "en", image: "image, not loaded" }));
  return holder;
}

describe("a mail", () => {
  it("keeps its texts, tables and styles", () => {
    const mail = drawn(
      `<head><style>p { color: red }</style></head><body bgcolor="#eee"><table><tr><td style="padding: 4px">4711</td>
       </tr></table><p>Regards</p><a href="https://example.com">Open</a></body>`,
    );
    expect(mail.querySelector("style")?.textContent).toBe("p { color: red }");
    expect(mail.querySelector("td")?.getAttribute("style")).toBe("padding: 4px");
    expect(mail.querySelector("a")?.getAttribute("href")).toBe("https://example.com");
    expect(mail.textContent).toContain("Regards");
  });

  it.each([
    ["a script", "<script>alert(1)</script><svg><script>alert(1)</script></svg>"],
    ["a handler", '<img src="x" onerror="alert(1)"><b onclick="alert(1)" ONMOUSEOVER="alert(1)">x</b>'],
    ["a frame", '<iframe src="https://e.com"></iframe><iframe srcdoc="<script>alert(1)</script>"></iframe>'],
    [
      "another document",
      '<object data="https://e.com"></object><embed src="https://e.com"><base href="https://e.com">',
    ],
    [
      "a redirect",
      '<meta http-equiv="refresh" content="0;url=https://e.com"><link rel="stylesheet" href="https://e.com">',
    ],
    ["a form", '<form action="https://e.com"><input name="password" formaction="https://e.com"></form>'],
    ["a link that runs", '<a href="javascript:alert(1)">x</a><a href=" JavaScript:alert(1)">y</a>'],
    ["an image", '<img src="https://e.com/pixel"><img srcset="https://e.com/p 1x"><table background="https://e.com">'],
    ["a style that loads", '<style>@import "https://e.com"; p { background: url(https://e.com) }</style><p>x'],
    ["a film", '<video src="https://e.com" poster="https://e.com"><source src="https://e.com"></video>'],
  ])("runs and loads nothing of %s", (_, html) => {
    const mail = drawn(`${html}<i style="background: url('https://e.com')">kept</i>`);
    expect(mail.innerHTML).not.toMatch(/alert|e\.com/);
    expect(mail.textContent).toContain("kept");
  });

  it("has no handler any more before it is read, in whatever way they are written", () => {
    const html = `<img src=x onerror="a"\n\tONLOAD = b><b title="on"onclick='c'/onfocus=d>on x = 1</b>`;
    const read = new DOMParser().parseFromString(withoutHandlers(html), "text/html");
    const names = [...read.querySelectorAll("*")].flatMap((each) => each.getAttributeNames());
    expect(names.filter((name) => name.startsWith("on"))).toEqual([]);
    expect(drawn(withoutHandlers(html)).innerHTML).toBe(
      `<body><span>[image, not loaded]</span><b title="on">on x = 1</b></body>`,
    );
  });

  it("says where an image is, and keeps those within it", () => {
    const mail = drawn(
      '<img src="https://e.com/a.png" alt="Logo"><img src="cid:1"><img src="data:image/png;base64,AA==">',
    );
    expect(mail.textContent).toBe("[image, not loaded: Logo][image, not loaded]");
    expect(mail.querySelectorAll("img")).toHaveLength(1);
  });

  it("shows no control that can be used", () => {
    const mail = drawn('<form><input value="a"><button>Send</button></form>');
    expect(mail.querySelector("form")).toBeNull();
    expect([...mail.querySelectorAll("input, button")].every((each) => each.hasAttribute("disabled"))).toBe(true);
  });
});

describe("messages of the frame of a mail", () => {
  it("have nothing but what is known, within limits", () => {
    expect(fromMailOf({ kind: "ready", more: 1 })).toEqual({ kind: "ready" });
    expect(fromMailOf({ kind: "height", height: 12.2 })).toEqual({ kind: "height", height: 13 });
    expect(fromMailOf({ kind: "height", height: 1e9 })).toEqual({ kind: "height", height: TALLEST_MAIL });
    for (const wrong of [
      null,
      "ready",
      { kind: "height" },
      { kind: "height", height: -1 },
      { kind: "height", height: Number.NaN },
    ])
      expect(fromMailOf(wrong)).toBeNull();
    expect(toMailOf({ kind: "card" })).toBeNull();
  });
});

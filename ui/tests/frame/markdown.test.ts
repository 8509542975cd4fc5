import { describe, expect, it } from "vitest";
import { renderMarkdown, safeUrl } from "../../src/frame/markdown";

describe("the Markdown of cards", () => {
  it.each([
    ["plain", "<p>plain</p>"],
    [
      "**bold** and *italic* and _italic_ and __bold__",
      "<p><strong>bold</strong> and <em>italic</em> and <em>italic</em> and <strong>bold</strong></p>",
    ],
    ["**bold with *italic* inside**", "<p><strong>bold with <em>italic</em> inside</strong></p>"],
    ["one\ntwo", "<p>one<br>two</p>"],
    ["one\r\n\r\ntwo", "<p>one</p><p>two</p>"],
    ["- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
    ["3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
    [
      "[site](https://example.com/a?b=c&d=e)",
      '<p><a href="https://example.com/a?b=c&#38;d=e" rel="noopener noreferrer">site</a></p>',
    ],
    ["\\*not italic\\*", "<p>*not italic*</p>"],
    ["M \\<GmbH\\>", "<p>M &#60;GmbH&#62;</p>"],
  ])("%j is rendered", (text, html) => {
    expect(renderMarkdown(text)).toBe(html);
  });

  it.each([
    "2 * 3 * 4",
    "snake_case_name",
    "a * b",
    "5.5",
    "file__name__x",
    "**",
    "_",
    "[a]",
    "[a](b c)",
    "1.5 million",
  ])("%j stays as it is", (text) => {
    expect(renderMarkdown(text)).toBe(`<p>${text}</p>`);
  });

  it.each([
    "<img src=x onerror=alert(1)>",
    "**<script>alert(1)</script>**",
    '[x](https://example.com/"onmouseover="alert(1))',
    "[<img src=x onerror=alert(1)>](https://example.com)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](//example.com)",
    "- <b onclick=alert(1)>item</b>",
    "&lt;script&gt;",
  ])("%j makes no element and no handler of its own", (text) => {
    const holder = document.createElement("div");
    holder.innerHTML = renderMarkdown(text);
    const allowed = ["P", "STRONG", "EM", "UL", "OL", "LI", "BR", "A"];
    for (const made of holder.querySelectorAll("*")) {
      expect(allowed).toContain(made.tagName);
      for (const attribute of made.getAttributeNames()) expect(["href", "rel", "start"]).toContain(attribute);
      if (made.tagName === "A") expect(made.getAttribute("href")).toMatch(/^https:\/\/example\.com\//);
    }
  });

  it("stays quick and whole for a long text of marks", () => {
    const text = "**a ".repeat(20_000);
    const holder = document.createElement("div");
    holder.innerHTML = renderMarkdown(text);
    expect(holder.textContent).toBe(text);
    expect(renderMarkdown("*a* ".repeat(20_000)).match(/<em>/g)).toHaveLength(20_000);
  });

  it.each([
    ["https://example.com", "https://example.com/"],
    ["http://example.com/a", "http://example.com/a"],
    ["javascript:alert(1)", null],
    [" javascript:alert(1)", null],
    ["java\nscript:alert(1)", null],
    ["file:///etc/passwd", null],
    ["/relative", null],
    ["", null],
  ])("safeUrl(%j) is %j", (url, expected) => {
    expect(safeUrl(url)).toBe(expected);
  });
});

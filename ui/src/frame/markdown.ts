/**
 * The Markdown of Adaptive Cards: bold, italic, links, bullet and numbered lists, line breaks.
 *
 * Safe by construction: text is escaped before anything is marked up, the only tags are the ones written here, and a
 * link is made for http, https and mailto only. What is no Markdown comes out as it went in.
 */

const BULLET = /^\s{0,3}[-*+]\s+(.*)$/;
const NUMBERED = /^\s{0,3}(\d{1,9})[.)]\s+(.*)$/;
const INLINE =
  /\\([\\`*_{}[\]()#+\-.!~<>])|\[([^\]\n]{1,1000})\]\(([^()\s]{1,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?)\)|(\*\*|__)(?=\S)(.{1,2000}?\S|\S)\4(?!\w)|(?<!\w)([*_])(?=[^\s*_])(.{0,2000}?[^\s*_])\6(?!\w)/;

/** Returns a text in which no character has a meaning in HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Returns safe HTML for a text in the Markdown subset. */
export function renderMarkdown(text: string): string {
  const blocks: string[] = [];
  for (const group of groupLines(text.replace(/\r\n?/g, "\n").split("\n"))) {
    if (group.kind === "text") blocks.push(`<p>${group.lines.map(inline).join("<br>")}</p>`);
    else {
      const tag = group.kind === "bullets" ? "ul" : "ol";
      const start = group.kind === "numbers" && group.start !== 1 ? ` start="${group.start}"` : "";
      blocks.push(`<${tag}${start}>${group.lines.map((line) => `<li>${inline(line)}</li>`).join("")}</${tag}>`);
    }
  }
  return blocks.join("");
}

type Group = { kind: "text" | "bullets" | "numbers"; lines: string[]; start: number };

function groupLines(lines: string[]): Group[] {
  const groups: Group[] = [];
  let open: Group | null = null;
  for (const line of lines) {
    if (line.trim() === "") {
      open = null;
      continue;
    }
    const bullet = BULLET.exec(line);
    const numbered = NUMBERED.exec(line);
    const kind = bullet ? "bullets" : numbered ? "numbers" : "text";
    if (open === null || open.kind !== kind) {
      open = { kind, lines: [], start: numbered ? Number(numbered[1]) : 1 };
      groups.push(open);
    }
    open.lines.push(bullet?.[1] ?? numbered?.[2] ?? line);
  }
  return groups;
}

function inline(text: string): string {
  let rest = text;
  let html = "";
  for (let found = INLINE.exec(rest); found !== null; found = INLINE.exec(rest)) {
    const [whole, escaped, label, url, , strong, , emphasized] = found;
    html += escapeHtml(rest.slice(0, found.index)) + mark(whole, { escaped, label, url, strong, emphasized });
    rest = rest.slice(found.index + whole.length);
  }
  return html + escapeHtml(rest);
}

type Marks = Record<"escaped" | "label" | "url" | "strong" | "emphasized", string | undefined>;

function mark(whole: string, { escaped, label, url, strong, emphasized }: Marks): string {
  if (escaped !== undefined) return escapeHtml(escaped);
  if (label !== undefined && url !== undefined) {
    const href = safeUrl(url, ["https:", "http:", "mailto:"]);
    if (href === null) return escapeHtml(whole);
    return `<a href="${escapeHtml(href)}" rel="noopener noreferrer">${inline(label)}</a>`;
  }
  if (strong !== undefined) return `<strong>${inline(strong)}</strong>`;
  return `<em>${inline(emphasized ?? "")}</em>`;
}

/** Returns the absolute URL when its scheme is one of `schemes`, else null. Relative ones are refused. */
export function safeUrl(url: string, schemes: readonly string[] = ["https:", "http:"]): string | null {
  try {
    const parsed = new URL(url);
    return schemes.includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

/** Rows as CSV (RFC 4180) that a spreadsheet opens as text, never as a formula. */

const FORMULA = /^[\s]*[=+\-@]|^[\t\r]/;

/** Returns a table as CSV, with a byte order mark, by which spreadsheets know the coding. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  return `\uFEFF${rows.map((row) => row.map(cellOf).join(",")).join("\r\n")}\r\n`;
}

function cellOf(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Lets the browser save a text as a file. */
export function saveFile(name: string, text: string, type = "text/csv"): void {
  save(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

/** Lets the browser save bytes, given in base64, as a file. */
export function saveBytes(name: string, base64: string, type: string): void {
  save(name, new Blob([Uint8Array.from(atob(base64), (each) => each.charCodeAt(0))], { type }));
}

function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

import { describe, expect, it } from "vitest";
import { drawCard } from "../../src/frame/card";

const cell = (text: string) => ({ type: "TableCell", items: [{ type: "TextBlock", text, wrap: true }] });
const row = (...texts: readonly string[]) => ({ type: "TableRow", cells: texts.map(cell) });

/** Returns the table of a card with these rows. */
function tableOf(rows: readonly object[], look: "inbox" | "teams" = "inbox"): HTMLElement {
  const columns = [{ width: 3 }, { width: 1 }, { width: "80px" }];
  const table = { type: "Table", firstRowAsHeader: true, columns, rows };
  const card = { type: "AdaptiveCard", version: "1.5", body: [table] };
  const drawn = drawCard(card, { openUrl: () => undefined, locale: "en", moreActions: "More", look });
  const found = drawn?.element.querySelector<HTMLElement>("[role=table]");
  if (!found) throw new Error("the card has no table");
  return found;
}

function wholeIn(table: HTMLElement): string[] {
  return [...table.querySelectorAll("[data-whole]")].map(({ textContent }) => textContent);
}

const rows = [
  row("Item", "Quantity", "Amount"),
  row("Pump 12 of steel", "2", "1.234,50"),
  row("Seal", "-", "EUR 12.00"),
];

describe("a table of a card", () => {
  it("keeps numbers whole with the heads above them, and lets their columns be wider than their weights", () => {
    const table = tableOf(rows);
    expect(wholeIn(table)).toEqual(["Quantity", "Amount", "2", "1.234,50", "EUR 12.00"]);
    const widths = table.style.gridTemplateColumns;
    expect(widths).toBe("minmax(min-content, 75fr) minmax(min-content, 25fr) minmax(min-content, 80px)");
  });

  it("keeps a number whole that has another text below it", () => {
    const both = [...cell("12,480.00").items, ...cell("at 6,240.00").items];
    const table = tableOf([{ type: "TableRow", cells: [cell("Pump"), { type: "TableCell", items: both }, cell("-")] }]);
    expect(wholeIn(table)).toEqual(["12,480.00at 6,240.00"]);
  });

  it("is as the renderer draws it without numbers, and where Teams is shown", () => {
    for (const table of [tableOf([row("Item", "4711 pumps", "none")]), tableOf(rows, "teams")]) {
      expect(wholeIn(table)).toEqual([]);
      expect(table.style.gridTemplateColumns).toBe("");
    }
  });

  it.each([
    ["1.234,50", true],
    ["1’234.50 CHF", true],
    ["€ 12", true],
    ["-12 %", true],
    ["2026-11-30", true],
    ["4500000101", true],
    ["M8", true],
    ["12 pumps", false],
    ["https://example.com/1", false],
    ["1".repeat(40), false],
    ["", false],
  ])("takes %j for a number: %s", (text, isWhole) => {
    expect(wholeIn(tableOf([row("Item", "Head", "Head"), row("Pump", text, "1")])).includes(text)).toBe(isWhole);
  });
});

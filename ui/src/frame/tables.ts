/** Numbers in the tables of a card, which stay whole where the weight of their column gives them too little room. */

/** A number, an amount with its currency or unit, a share or a date. */
const NUMBER = /^(?=.{1,24}$)(?:[\p{L}\p{Sc}]{1,3}\s?)?[-+−]?\d[\d\s.,:'’/-]*(?:%|[\p{L}\p{Sc}]{1,3})?$/u;
const LONG_WORD = /\S{17}/;
/** The most characters of the head of a column that stays whole above numbers. */
const LONGEST_HEAD = 12;

/** Lets the columns that have numbers be wider than their weights say: `card.css` draws a table with `data-columns`. */
export function keepNumbersWhole(card: HTMLElement): void {
  for (const table of card.querySelectorAll<HTMLElement>("[role=table]")) {
    const rows = [...table.children].map((row) => [...row.children].filter((cell) => cell instanceof HTMLElement));
    const columns = new Set(rows.flatMap((row) => [...row.keys()].filter((at) => isNumber(row[at]))));
    if (columns.size === 0) continue;
    for (const row of rows) {
      for (const [at, cell] of row.entries()) {
        cell.toggleAttribute("data-whole", isNumber(cell) || (columns.has(at) && isShortHead(cell)));
      }
    }
    const widest = rows.reduce((most, row) => (row.length > most.length ? row : most), []);
    table.dataset.columns = "";
    table.style.gridTemplateColumns = widest.map(widthOf).join(" ");
    // What does not fit is scrolled to, by keys too.
    if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
  }
}

/** Returns whether a cell has a number as a text of its own, and no word that would need much more room. */
function isNumber(cell: HTMLElement | undefined): boolean {
  const texts = [...(cell?.querySelectorAll(".ac-textBlock") ?? [])].map(({ textContent }) => textContent.trim());
  return texts.some((text) => NUMBER.test(text)) && !texts.some((text) => LONG_WORD.test(text));
}

function isShortHead(cell: HTMLElement): boolean {
  return cell.getAttribute("role") === "columnheader" && cell.textContent.trim().length <= LONGEST_HEAD;
}

/** Returns the width of a column: the renderer gives the cells of one with a weight a share of the table. */
function widthOf({ style: { flexBasis } }: HTMLElement): string {
  return `minmax(min-content, ${flexBasis.endsWith("%") ? `${Number.parseFloat(flexBasis)}fr` : flexBasis})`;
}

/** Ready parts: what most cards have, to be added at once and changed then. */

import type { JsonObject } from "../../shared/http";

export const READY_PARTS = ["approval", "items", "sapError", "changed"] as const;
export type ReadyPart = (typeof READY_PARTS)[number];

/** The texts that a reader of the card sees, in the language of the author. */
export interface PartWords {
  approve: string;
  reject: string;
  comment: string;
  item: string;
  quantity: string;
  amount: string;
  sapTitle: string;
  sapCode: string;
  sapMessage: string;
  changedTitle: string;
  changedBefore: string;
  changedNow: string;
}

/** Returns the parts of a ready part, which are added behind each other. */
export function readyPart(part: ReadyPart, words: PartWords): readonly JsonObject[] {
  switch (part) {
    case "approval":
      return approval(words);
    case "items":
      return [items(words)];
    case "sapError":
      return [sapError(words)];
    case "changed":
      return [changeNotice(words)];
  }
}

/** A comment, and the two buttons whose `action` an approval knows. */
function approval(words: PartWords): readonly JsonObject[] {
  return [
    { type: "Input.Text", id: "comment", label: words.comment, isMultiline: true, maxLength: 1000 },
    { type: "Action.Submit", title: words.approve, style: "positive", data: { action: "approve" } },
    { type: "Action.Submit", title: words.reject, style: "destructive", data: { action: "reject" } },
  ];
}

/** A table with a row for each item of the list. */
function items(words: PartWords): JsonObject {
  const cell = (text: string, more: JsonObject = {}): JsonObject => ({
    type: "TableCell",
    items: [{ type: "TextBlock", text, wrap: true, ...more }],
  });
  const right = { horizontalAlignment: "right" };
  return {
    type: "Table",
    firstRowAsHeader: true,
    columns: [{ width: 3 }, { width: 1 }, { width: 1 }],
    rows: [
      {
        type: "TableRow",
        style: "emphasis",
        cells: [
          cell(words.item, { weight: "bolder" }),
          cell(words.quantity, { weight: "bolder", ...right }),
          cell(words.amount, { weight: "bolder", ...right }),
        ],
      },
      {
        type: "TableRow",
        $data: "${payload.output.items}",
        cells: [cell("${text}"), cell("${string(quantity)}", right), cell("${string(amount)}", right)],
      },
    ],
  };
}

/** What SAP answered, where a step has an error. */
function sapError(words: PartWords): JsonObject {
  return {
    type: "Container",
    style: "attention",
    $when: "${exists(sapRequest_1.output.error)}",
    items: [
      { type: "TextBlock", text: words.sapTitle, weight: "bolder", wrap: true },
      {
        type: "FactSet",
        facts: [
          { title: words.sapCode, value: "${sapRequest_1.output.error.code}" },
          { title: words.sapMessage, value: "${sapRequest_1.output.error.message}" },
        ],
      },
    ],
  };
}

/** That something is not as it was when the card was first sent. */
function changeNotice(words: PartWords): JsonObject {
  return {
    type: "Container",
    style: "warning",
    $when: "${exists(payload.output.before) && payload.output.before != payload.output.amount}",
    items: [
      { type: "TextBlock", text: words.changedTitle, weight: "bolder", wrap: true },
      {
        type: "FactSet",
        facts: [
          { title: words.changedBefore, value: "${string(payload.output.before)}" },
          { title: words.changedNow, value: "${string(payload.output.amount)}" },
        ],
      },
    ],
  };
}

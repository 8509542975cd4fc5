import { AdaptiveCard, SerializationContext, Table, Version } from "adaptivecards";
import { describe, expect, it } from "vitest";
import { drawCard } from "../src/inbox/card";
import { dataDocument, demoCard } from "./order";

function findings(card: object): string[] {
  const parsed = new AdaptiveCard();
  const context = new SerializationContext(new Version(1, 5));
  parsed.parse(card, context);
  const all = [...parsed.validateProperties().validationEvents];
  for (let index = 0; index < context.eventCount; index += 1) all.push(context.getEventAt(index));
  return all.map((event) => event.message);
}

describe("the cards of the purchase-order approval", () => {
  const answered = { action: "approve", comment: "Needed before the winter" };

  it.each(["adaptiveCard_1", "adaptiveCard_2", "adaptiveCard_3"])("%s is a valid card of version 1.5", (step) => {
    expect(Table.name).toBe("Table");
    expect(findings(demoCard(step, dataDocument(answered)))).toEqual([]);
  });

  it("ask with the figures of the order", () => {
    const text = drawCard(demoCard("adaptiveCard_1"), { openUrl: () => {}, onDecision: () => {} })?.element.textContent;
    for (const expected of [
      "Purchase order 4500000101",
      "Northwater Pumps GmbH (1000201)",
      "2026-11-02",
      "Cost center 17101301",
      "2 PC",
      "12480.00",
      "2226.00",
      "17010.00 EUR",
    ]) {
      expect(text).toContain(expected);
    }
    expect(text).not.toContain("${");
  });

  it("show who approved, with the comment when there is one", () => {
    const draw = (answer: Record<string, string>) =>
      drawCard(demoCard("adaptiveCard_2", dataDocument(answer)), { openUrl: () => {} })?.element.textContent ?? "";
    expect(draw(answered)).toContain("Approved by manager@example.com and released in SAP");
    expect(draw(answered)).toContain("Needed before the winter");
    expect(draw({ action: "approve" })).not.toContain("“");
  });
});

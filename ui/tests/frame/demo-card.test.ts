import { AdaptiveCard, SerializationContext, Table, Version } from "adaptivecards";
import { describe, expect, it } from "vitest";
import { drawCard } from "../../src/frame/card";
import { dataDocument, demoCard } from "../order";

const language = { locale: "en-US", moreActions: "More options" };

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
    const options = { openUrl: () => {}, onDecision: () => {}, ...language };
    const text = drawCard(demoCard("adaptiveCard_1"), options)?.element.textContent;
    for (const expected of [
      "Purchase order 4500000101",
      "Northwater Pumps GmbH (1000201)",
      "Mon, Nov 2, 2026",
      "Cost center 17101301",
      "2 PC",
      "12,480.00",
      "2,226.00",
      "17,010.00 EUR",
    ]) {
      expect(text).toContain(expected);
    }
    expect(text).not.toContain("${");
  });

  it("show dates as the reader writes them", () => {
    const options = { openUrl: () => {}, ...language, locale: "de-DE" };
    expect(drawCard(demoCard("adaptiveCard_1"), options)?.element.textContent).toContain("Mo., 2. Nov. 2026");
  });

  it("show who approved, with the comment when there is one", () => {
    const draw = (answer: Record<string, string>) =>
      drawCard(demoCard("adaptiveCard_2", dataDocument(answer)), { openUrl: () => {}, ...language })?.element
        .textContent ?? "";
    expect(draw(answered)).toContain("Approved by manager@example.com and released in SAP");
    expect(draw(answered)).toContain("Needed before the winter");
    expect(draw({ action: "approve" })).not.toContain("“");
  });
});

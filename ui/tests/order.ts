/** A data document as the workflow of the demo has it when it asks, and the cards of that workflow. */

import { Template } from "adaptivecards-templating";
import definition from "../../src/looply/demo/purchase_order_approval.json?raw";
import type { JsonObject } from "../src/shared/http";

const item = (text: string, quantity: string, unit: string, price: string, net: string, costCenter: string) => ({
  PurchaseOrderItemText: text,
  OrderQuantity: quantity,
  PurchaseOrderQuantityUnit: unit,
  NetPriceAmount: price,
  NetAmount: net,
  to_AccountAssignment: { results: [{ CostCenter: costCenter }] },
});

const order = {
  PurchaseOrder: "4500000101",
  CompanyCode: "1710",
  PurchasingGroup: "002",
  Supplier: "1000201",
  DocumentCurrency: "EUR",
  NetPaymentDays: 30,
  PurchaseOrderDate: "2026-11-02",
  ReleaseCode: "E1",
  PurchaseOrderNetAmount: "17010.00",
  to_PurchaseOrderItem: {
    results: [
      item("Centrifugal pump CP-200, 15 kW", "2.000", "PC", "6240.00", "12480.00", "17101902"),
      item("Mechanical seal kit CP-200", "12.000", "PC", "185.50", "2226.00", "17101301"),
      item("Installation and commissioning", "24.000", "H", "96.00", "2304.00", "17101902"),
    ],
  },
};

export function dataDocument(answer: JsonObject = {}): JsonObject {
  return {
    payload: { output: { po: "4500000101", manager: "manager@example.com" } },
    sapRequest_1: { output: { status: "200", data: { d: order } } },
    sapRequest_2: { output: { status: "200", data: { d: { BusinessPartnerFullName: "Northwater Pumps GmbH" } } } },
    adaptiveCard_1: { output: { response: { user: "manager@example.com", data: answer } } },
  };
}

interface Step {
  id: string;
  settings: { card?: JsonObject };
}

const workflow = JSON.parse(definition) as { workflow_steps: Step[] };

/** Returns the card of a step, filled by Microsoft's own templating engine. */
export function demoCard(step: string, data: JsonObject = dataDocument()): JsonObject {
  const card = workflow.workflow_steps.find((candidate) => candidate.id === step)?.settings.card;
  if (card === undefined) throw new Error(`step ${step} has no card`);
  return new Template(card).expand({ $root: data }) as JsonObject;
}

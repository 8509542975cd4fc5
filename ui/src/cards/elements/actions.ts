/** What the reader presses. */

import { type Element, slot, text } from "./kinds";
import { ACTION, type CardVersion, choice, json, type Property, property } from "./properties";

const answer = (type: string, since: CardVersion, more: readonly Property[] = []): Element => ({
  type,
  kind: "action",
  group: "actions",
  since,
  title: "title",
  initial: { title: "", data: { action: "" } },
  slots: [],
  properties: [...ACTION, json("data"), choice("associatedInputs", ["auto", "none"], "auto", "1.3"), ...more],
});

export const ACTIONS: readonly Element[] = [
  answer("Action.Submit", "1.0"),
  answer("Action.Execute", "1.4", [property("verb", "text", { since: "1.4" })]),
  {
    type: "Action.OpenUrl",
    kind: "action",
    group: "actions",
    since: "1.0",
    title: "title",
    initial: { title: "", url: "https://" },
    slots: [],
    properties: [...ACTION, property("url", "url", { isRequired: true })],
  },
  {
    type: "Action.ShowCard",
    kind: "action",
    group: "actions",
    since: "1.0",
    title: "title",
    initial: { title: "", card: { type: "AdaptiveCard", body: [text("")] } },
    slots: [slot("card", "card", "1.0", true)],
    properties: ACTION,
  },
  {
    type: "Action.ToggleVisibility",
    kind: "action",
    group: "actions",
    since: "1.2",
    title: "title",
    initial: { title: "", targetElements: [] },
    slots: [],
    properties: [...ACTION, json("targetElements", "1.2")],
  },
];

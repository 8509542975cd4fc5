/** Draws an Adaptive Card with Microsoft's renderer and reports what its reader decides. */

import {
  type Action,
  AdaptiveCard,
  ExecuteAction,
  GlobalRegistry,
  type Input,
  NumberInput,
  OpenUrlAction,
  SerializationContext,
  Strings,
  SubmitAction,
  Table,
  Version,
  Versions,
} from "adaptivecards";
import { isObject, type JsonObject } from "../shared/http";
import { hostConfig } from "./host-config";
import { renderMarkdown, safeUrl } from "./markdown";
import type { Language } from "./text";

export interface Decision {
  /** Title of the button that was pressed. */
  title: string;
  /** Static data of the action and the values of the inputs, as they are sent. */
  data: JsonObject;
  /** What the reader filled in, by the label that was shown. */
  inputs: { label: string; value: string }[];
  /** Decides the same again, with the inputs as they are by then. */
  repeat: () => void;
}

export interface DrawnCard {
  element: HTMLElement;
  /** Enables or disables everything that can be pressed or filled in. */
  setEnabled(enabled: boolean): void;
}

export interface CardOptions {
  /** Absent: the card is shown without inputs and buttons. */
  onDecision?: (decision: Decision) => void;
  openUrl: (url: string) => void;
  language: Language;
}

// Named, because the package declares itself free of side effects and a bundler drops the module that registers it.
GlobalRegistry.defaultElements.register("Table", Table, Versions.v1_5);

// The renderer holds an empty number to its bounds as well, so that an optional one could never be left out.
class OptionalNumberInput extends NumberInput {
  override isValid(): boolean {
    return this.isSet() ? super.isValid() : !this.isRequired;
  }
}
GlobalRegistry.defaultElements.register("Input.Number", OptionalNumberInput);

AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = renderMarkdown(text);
  result.didProcess = true;
};

/** Returns the drawn card, or null when it is no Adaptive Card that can be drawn. */
export function drawCard(json: JsonObject, { onDecision, openUrl, language }: CardOptions): DrawnCard | null {
  if (json.type !== "AdaptiveCard") return null;
  const card = new AdaptiveCard();
  card.hostConfig = hostConfig(onDecision !== undefined);
  card.onExecuteAction = (action) => execute(card, action, onDecision, openUrl);
  const context = new SerializationContext(new Version(1, 6));
  // Video and audio would load from elsewhere; the page's policy forbids it, so the card's fallback is shown instead.
  context.elementRegistry.unregister("Media");
  card.parse(json, context);
  // Dates and times of a card (`{{DATE(...)}}`) follow its language; one without follows the reader's.
  card.lang ??= language.locale;
  Strings.defaults.overflowButtonTooltip = () => language.text.moreActions;
  const element = card.render();
  if (element === undefined) return null;
  guardLinks(element);
  keepAlternatives(element);
  return { element, setEnabled: (enabled) => setEnabled(element, enabled) };
}

function execute(
  card: AdaptiveCard,
  action: Action,
  onDecision: CardOptions["onDecision"],
  openUrl: CardOptions["openUrl"],
): void {
  if (action instanceof OpenUrlAction) {
    const url = safeUrl(action.url ?? "");
    if (url !== null) openUrl(url);
  } else if (action instanceof SubmitAction || action instanceof ExecuteAction) {
    const inputs = action.associatedInputs === "none" ? [] : card.getAllInputs();
    onDecision?.({
      title: action.title ?? "",
      data: dataOf(action),
      inputs: filledIn(inputs),
      repeat: () => action.execute(),
    });
  }
}

function dataOf(action: SubmitAction | ExecuteAction): JsonObject {
  const data: unknown = action.data;
  const sent: JsonObject = isObject(data) ? { ...data } : { value: data };
  // A universal action distinguishes its buttons by the verb.
  if (action instanceof ExecuteAction && action.verb && !("verb" in sent)) sent.verb = action.verb;
  return sent;
}

function filledIn(inputs: Input[]): Decision["inputs"] {
  return inputs
    .filter((input) => input.isVisible && input.isSet())
    .map((input) => ({ label: input.label ?? input.id ?? "", value: String(input.value) }));
}

function guardLinks(root: HTMLElement): void {
  for (const link of root.querySelectorAll("a")) {
    if (safeUrl(link.getAttribute("href") ?? "", ["https:", "http:", "mailto:"]) === null) link.removeAttribute("href");
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
}

/** Shows the text of a picture that cannot be loaded; the renderer takes such a picture away, and its text with it. */
function keepAlternatives(root: HTMLElement): void {
  for (const picture of root.querySelectorAll("img")) {
    const place = picture.parentElement;
    picture.addEventListener("error", () => {
      if (picture.alt !== "") place?.replaceChildren(picture.alt);
    });
  }
}

function setEnabled(root: HTMLElement, enabled: boolean): void {
  root.toggleAttribute("inert", !enabled);
  root.setAttribute("aria-busy", String(!enabled));
  for (const control of root.querySelectorAll<HTMLButtonElement>("button, input, textarea, select")) {
    if (!enabled && !control.disabled) {
      control.disabled = true;
      control.dataset.locked = "";
    } else if (enabled && "locked" in control.dataset) {
      control.disabled = false;
      delete control.dataset.locked;
    }
  }
}

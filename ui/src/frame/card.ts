/** Draws an Adaptive Card with Microsoft's renderer and reports what its reader decides. */

import {
  type Action,
  AdaptiveCard,
  type CardElement,
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
import { type ButtonStyle, styleOf } from "./buttons";
import { hostConfig } from "./host-config";
import { renderMarkdown, safeUrl } from "./markdown";
import { type FrameLook, PART } from "./messages";
import { keepNumbersWhole } from "./tables";

export interface Decision {
  /** Title of the button that was pressed. */
  title: string;
  style: ButtonStyle;
  /** Static data of the action and the values of the inputs, as they are sent. */
  data: JsonObject;
  /** What the reader filled in, by the label that was shown. */
  inputs: { label: string; value: string }[];
  /** Decides the same again, with the inputs as they are by then. */
  repeat: () => void;
}

/** A button of the card itself, below all of its elements. */
export interface CardButton {
  title: string;
  style: ButtonStyle;
  /** Decides as if the button in the card were pressed: the inputs are checked first. */
  press: () => void;
}

export interface DrawnCard {
  element: HTMLElement;
  /** The buttons at the foot of the card, where each of them decides; else none. */
  buttons: readonly CardButton[];
  /** Hides those buttons, which are shown elsewhere. */
  hideButtons(): void;
  /** Enables or disables everything that can be pressed or filled in. */
  setEnabled(enabled: boolean): void;
}

type Drawn = Action | CardElement;

export interface CardOptions {
  /** Absent: the card is shown without inputs and buttons. */
  onDecision?: (decision: Decision) => void;
  openUrl: (url: string) => void;
  /** The locale of the reader, such as `de-AT`. */
  locale: string;
  /** As the inbox shows cards, unless it is given. */
  look?: FrameLook;
  /** The name of the button that shows the actions for which there is no room. */
  moreActions: string;
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
export function drawCard(
  json: JsonObject,
  { onDecision, openUrl, locale, moreActions, look = "inbox" }: CardOptions,
): DrawnCard | null {
  if (json.type !== "AdaptiveCard") return null;
  const card = new AdaptiveCard();
  card.hostConfig = hostConfig(onDecision !== undefined, look);
  card.onExecuteAction = (action) => execute(card, action, onDecision, openUrl);
  const context = new SerializationContext(new Version(1, 6));
  // Video and audio would load from elsewhere; the page's policy forbids it, so the card's fallback is shown instead.
  context.elementRegistry.unregister("Media");
  const parts = partsIn(context);
  card.parse(json, context);
  // Dates and times of a card (`{{DATE(...)}}`) follow its language; one without follows the reader's.
  card.lang ??= locale;
  Strings.defaults.overflowButtonTooltip = () => moreActions;
  const element = card.render();
  if (element === undefined) return null;
  for (const [part, { renderedElement }] of parts) if (renderedElement) renderedElement.dataset.part = part;
  guardLinks(element);
  keepAlternatives(element);
  // Teams breaks them, and its look shows what it does.
  if (look === "inbox") keepNumbersWhole(element);
  const actions = onDecision === undefined ? [] : decidingActions(card);
  return {
    element,
    buttons: actions.map((action) => ({
      title: action.title ?? "",
      style: styleOf(action.style),
      press: () => action.execute(),
    })),
    hideButtons: () => hideButtons(actions),
    setEnabled: (enabled) => setEnabled(element, enabled),
  };
}

/** Returns the parts that say where they are in the template; they are filled in while the card is parsed. */
function partsIn(context: SerializationContext): [string, Drawn][] {
  const parts: [string, Drawn][] = [];
  const keep = (object: Drawn, source: unknown): void => {
    const part = isObject(source) ? source[PART] : undefined;
    if (typeof part === "string") parts.push([part, object]);
  };
  context.onParseElement = keep;
  context.onParseAction = keep;
  return parts;
}

/** Returns the actions at the foot of a card where each of them decides; where one opens something, none. */
function decidingActions(card: AdaptiveCard): (SubmitAction | ExecuteAction)[] {
  const actions = Array.from({ length: card.getActionCount() }, (_, at) => card.getActionAt(at));
  const deciding = actions.filter((action) => action instanceof SubmitAction || action instanceof ExecuteAction);
  return deciding.length === actions.length ? deciding : [];
}

function hideButtons(actions: readonly Action[]): void {
  const row = actions[0]?.renderedElement?.closest(".ac-actionSet")?.parentElement;
  if (!(row instanceof HTMLElement)) return;
  row.hidden = true;
  row.style.display = "none";
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
      style: styleOf(action.style),
      data: dataOf(action),
      inputs: filledInputs(inputs),
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

function filledInputs(inputs: Input[]): Decision["inputs"] {
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

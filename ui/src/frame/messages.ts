/**
 * What the app and the frame of a card send to each other.
 *
 * The frame has an origin of its own and is not trusted: the app checks who sent a message, its shape and its size.
 */

import { isObject, type JsonObject, textOf } from "../shared/http";
import { type ButtonStyle, styleOf } from "./buttons";

/** The largest card that is drawn, and the largest answer that is taken from one, in characters of JSON. */
export const LARGEST = 1_000_000;
const TALLEST = 20_000;
const MOST_BUTTONS = 20;
const LONGEST_ADDRESS = 2_000;
const FRAME_THEMES = ["light", "dark", "contrast"] as const;
export type FrameTheme = (typeof FRAME_THEMES)[number];

/** As the inbox shows cards, or as Teams does. */
export const FRAME_LOOKS = ["inbox", "teams"] as const;
export type FrameLook = (typeof FRAME_LOOKS)[number];

/** The property by which a card that is designed says where its parts are in the template, as JSON Pointers. */
export const PART = "looply.part";

/** Texts that the frame shows, in the reader's language. */
export interface FrameWords {
  locale: string;
  moreActions: string;
  /** Before the alternative text of an image that is not loaded. */
  imageSign: string;
  /** In place of an image that has no alternative text. */
  unnamedImage: string;
}

export type ToFrame =
  /** Draw a card. Without `isOpen` it has no inputs and no buttons. */
  | {
      kind: "card";
      card: JsonObject;
      isOpen: boolean;
      theme: FrameTheme;
      words: FrameWords;
      look: FrameLook;
      /** The card keeps its buttons, and its parts report that they are pressed. */
      isDesigned: boolean;
    }
  /** Mark parts of a card that is designed, by their addresses. */
  | { kind: "mark"; parts: readonly string[] }
  | { kind: "theme"; theme: FrameTheme }
  | { kind: "enable"; isEnabled: boolean }
  /** Press a button by its place in `drawn`, for a click or for a key. */
  | { kind: "press"; at: number; isKey: boolean }
  /** Put the focus into an input by its id. */
  | { kind: "focus"; input: string };

export interface FrameButton {
  title: string;
  style: ButtonStyle;
}

/** What the reader decided in the card. */
export interface FrameAction {
  title: string;
  style: ButtonStyle;
  /** The data of the button and the values of the inputs, as they are sent. */
  data: JsonObject;
  /** Whether a key of the app pressed the button. */
  isKey: boolean;
}

export type FromFrame =
  | { kind: "ready" }
  /** The card is drawn. The app shows its buttons, which the card then does not. */
  | { kind: "drawn"; buttons: FrameButton[] }
  /** The card cannot be drawn. */
  | { kind: "unshown" }
  /** In CSS pixels. */
  | { kind: "height"; height: number }
  | { kind: "action"; action: FrameAction }
  /** The reader pressed a link. */
  | { kind: "link"; url: string }
  /** The reader pressed a part of a card that is designed. */
  | { kind: "part"; part: string }
  /** The reader pressed a key outside of any input. */
  | { kind: "key"; key: string; isRepeat: boolean };

/** Returns a message of the app, null for anything else. The app is trusted: only the kind is looked at. */
export function toFrameOf(value: unknown): ToFrame | null {
  const kinds: ToFrame["kind"][] = ["card", "theme", "enable", "press", "focus", "mark"];
  return isObject(value) && kinds.some((kind) => kind === value.kind) ? (value as unknown as ToFrame) : null;
}

/** Returns a message of the frame with nothing but what its kind has, null for anything else. */
export function fromFrameOf(value: unknown): FromFrame | null {
  if (!isObject(value)) return null;
  switch (value.kind) {
    case "ready":
    case "unshown":
      return { kind: value.kind };
    case "drawn":
      return Array.isArray(value.buttons)
        ? { kind: "drawn", buttons: value.buttons.slice(0, MOST_BUTTONS).map(buttonOf) }
        : null;
    case "height":
      return typeof value.height === "number" && value.height >= 0
        ? { kind: "height", height: Math.min(Math.ceil(value.height), TALLEST) }
        : null;
    case "action":
      return actionOf(value.action);
    case "link":
      return typeof value.url === "string" ? { kind: "link", url: value.url } : null;
    case "part":
      return typeof value.part === "string" && value.part.length <= LONGEST_ADDRESS
        ? { kind: "part", part: value.part }
        : null;
    case "key":
      return typeof value.key === "string" && value.key.length <= 12
        ? { kind: "key", key: value.key, isRepeat: value.isRepeat === true }
        : null;
    default:
      return null;
  }
}

function buttonOf(value: unknown): FrameButton {
  const { title, style } = isObject(value) ? value : {};
  return { title: (textOf(title) ?? "").slice(0, 200), style: styleOf(style) };
}

function actionOf(value: unknown): FromFrame | null {
  if (!isObject(value) || !isObject(value.data) || sizeOf(value.data) > LARGEST) return null;
  return { kind: "action", action: { ...buttonOf(value), data: value.data, isKey: value.isKey === true } };
}

/** Returns the size of a value in characters of JSON; of one that has no JSON, infinity. */
export function sizeOf(value: unknown): number {
  try {
    return JSON.stringify(value).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

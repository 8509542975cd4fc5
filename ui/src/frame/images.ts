/** A card without the images that other hosts would send: who loads them reveals who reads the card, and when. */

import { isObject, type JsonObject, textOf } from "../shared/http";
import { PART } from "./messages";

const INLINE = /^data:image\//i;
/** Properties that name an image that has no text of its own. */
const DECORATION = ["backgroundImage", "iconUrl"];

/**
 * Returns a card in which each remote image is a text: its alternative text, behind a sign.
 *
 * Images that the card holds as `data:` stay. What an action sends is not changed.
 */
export function withoutRemoteImages(card: JsonObject, words: { sign: string; unnamed: string }): JsonObject {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean);
    if (!isObject(value)) return value;
    if (isRemoteImage(value)) return textInstead(value, words);
    const isAction = String(value.type ?? "").startsWith("Action.");
    const kept = Object.entries(value).filter(([name, one]) => !(DECORATION.includes(name) && isRemote(one)));
    const cleaned = Object.fromEntries(
      kept.map(([name, one]) => [name, isAction && name === "data" ? one : clean(one)]),
    );
    return isRemoteSet(value) ? { type: "Container", items: cleaned.images } : cleaned;
  };
  return clean(card) as JsonObject;
}

function isRemote(value: unknown): boolean {
  return !INLINE.test(String(isObject(value) ? value.url : value));
}

function isRemoteImage(value: unknown): boolean {
  return isObject(value) && value.type === "Image" && isRemote(value.url);
}

// A set of images holds nothing else.
function isRemoteSet(value: JsonObject): boolean {
  return value.type === "ImageSet" && Array.isArray(value.images) && value.images.some(isRemoteImage);
}

function textInstead(image: JsonObject, { sign, unnamed }: { sign: string; unnamed: string }): JsonObject {
  const { id, isVisible, separator, spacing, altText, [PART]: part } = image;
  const places = Object.entries({ id, isVisible, separator, spacing, [PART]: part }).filter(
    ([, value]) => value !== undefined,
  );
  const text = `${sign} ${textOf(altText) ?? unnamed}`;
  return { type: "TextBlock", text, wrap: true, isSubtle: true, ...Object.fromEntries(places) };
}

import type { JsonObject } from "../../shared/http";
import { isObject } from "../../shared/http";
import { useText } from "../../text/language";
import { replace } from "../document/commands";
import type { CardStore } from "../document/store";
import { useWritten, type Written } from "../json/use-written";
import { TEXTS } from "./text";

/** The card as a text of JSON. Each text that can be read is one change, which can be undone. */
export function useCardJson(store: CardStore, card: JsonObject): Written {
  const text = useText(TEXTS);
  return useWritten(card, format, (written) => {
    try {
      const value: unknown = JSON.parse(written);
      if (!isObject(value)) return { wrong: text.notAnObject };
      return {
        take: () => {
          store.change(replace(value, "json"));
          return store.getState().log.document;
        },
      };
    } catch (error) {
      return { wrong: error instanceof Error ? error.message : String(error) };
    }
  });
}

function format(card: JsonObject): string {
  return JSON.stringify(card, null, 2);
}

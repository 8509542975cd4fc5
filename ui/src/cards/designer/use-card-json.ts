import { useEffect, useRef } from "react";
import type { Journals } from "../../editing/keeping/journals";
import { useSession } from "../../session/session";
import { isObject, type JsonObject } from "../../shared/http";
import { useText } from "../../text/language";
import { replace } from "../document/commands";
import type { CardStore } from "../document/store";
import { useWritten, type Written } from "../json/use-written";
import { TEXTS } from "./text";

interface CardJson {
  store: CardStore;
  card: JsonObject;
  /** Where a text that cannot be read yet is kept, by this key. */
  texts: Journals;
  key: string;
}

/** The card as a text of JSON. Each text that can be read is one change, which can be undone. */
export function useCardJson({ store, card, texts, key }: CardJson): Written {
  const text = useText(TEXTS);
  const { limits } = useSession();
  const written = useWritten(card, format, (source) => {
    const wrong = (reason: string): { wrong: string } => {
      void texts.write(key, source);
      return { wrong: reason };
    };
    // No server takes it, and each key would wait for the reading.
    if (source.length > limits.body_bytes) return wrong(text.cardTooLarge);
    try {
      const value: unknown = JSON.parse(source);
      if (!isObject(value)) return wrong(text.notAnObject);
      return {
        take: () => {
          void texts.remove(key);
          store.change(replace(value, "json"));
          return store.getState().document;
        },
      };
    } catch (error) {
      return wrong(error instanceof Error ? error.message : String(error));
    }
  });
  const latest = useRef(written);
  latest.current = written;
  useEffect(() => {
    let isGone = false;
    void texts.read(key).then((kept) => !isGone && kept !== null && latest.current.write(kept));
    return () => {
      isGone = true;
    };
  }, [texts, key]);
  return written;
}

function format(card: JsonObject): string {
  return JSON.stringify(card, null, 2);
}

import { useEffect, useRef } from "react";
import { useSession } from "../../session/session";
import { isObject, type JsonObject } from "../../shared/http";
import { useText } from "../../text/language";
import { replace } from "../document/commands";
import type { CardStore } from "../document/store";
import { useWritten, type Written } from "../json/use-written";
import type { Journal } from "../saving/journal";
import { TEXTS } from "./text";

interface CardJson {
  store: CardStore;
  card: JsonObject;
  journal: Journal;
  /** Under which a text that cannot be read yet is kept. */
  key: string;
}

/** The card as a text of JSON. Each text that can be read is one change, which can be undone. */
export function useCardJson({ store, card, journal, key }: CardJson): Written {
  const text = useText(TEXTS);
  const { limits } = useSession();
  const written = useWritten(card, format, (source) => {
    const wrong = (reason: string): { wrong: string } => {
      void journal.write(key, source);
      return { wrong: reason };
    };
    // No server takes it, and each key would wait for the reading.
    if (source.length > limits.body_bytes) return wrong(text.cardTooLarge);
    try {
      const value: unknown = JSON.parse(source);
      if (!isObject(value)) return wrong(text.notAnObject);
      return {
        take: () => {
          void journal.drop(key);
          store.change(replace(value, "json"));
          return store.getState().log.document;
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
    void journal.read(key).then((kept) => !isGone && typeof kept === "string" && latest.current.write(kept));
    return () => {
      isGone = true;
    };
  }, [journal, key]);
  return written;
}

function format(card: JsonObject): string {
  return JSON.stringify(card, null, 2);
}

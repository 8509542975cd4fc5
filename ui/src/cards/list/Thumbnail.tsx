import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useApi } from "../../api/context";
import { cardQuery } from "../../api/queries/cards/cards";
import { CardFrame } from "../../frame/CardFrame";
import { useThemeName } from "../../kit/theme";
import { usePreferences } from "../../session/preferences";
import { useText } from "../../text/language";
import styles from "./list.module.css";
import { TEXTS } from "./text";

interface ThumbnailProps {
  cardId: string;
  version: number;
  name: string;
}

const nothing = (): void => undefined;

/** A small picture of a card as its template is written: it is read and drawn when it comes onto the screen. */
export function Thumbnail({ cardId, version, name }: ThumbnailProps) {
  const text = useText(TEXTS);
  const place = useRef<HTMLDivElement>(null);
  const isSeen = useSeen(place);
  const { preferences } = usePreferences();
  const theme = useThemeName(preferences.theme);
  const { data, error } = useQuery({ ...cardQuery(useApi(), cardId, version), enabled: isSeen });
  return (
    // The picture says no more than the name beside it, and nothing in it can be used.
    <div ref={place} className={styles.picture} inert>
      {error !== null && <span className={styles.none}>{text.noPicture}</span>}
      {data !== undefined && (
        <div className={styles.small}>
          <CardFrame
            card={data.item.card_payload}
            subject={name}
            isOpen={false}
            theme={theme}
            onAction={nothing}
            onButtons={nothing}
          />
        </div>
      )}
    </div>
  );
}

/** Returns whether an element has been on the screen; where a browser cannot say, it counts as seen. */
function useSeen(element: React.RefObject<HTMLElement | null>): boolean {
  const [isSeen, setIsSeen] = useState(() => typeof IntersectionObserver === "undefined");
  useEffect(() => {
    if (isSeen || element.current === null) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setIsSeen(true);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [isSeen, element]);
  return isSeen;
}

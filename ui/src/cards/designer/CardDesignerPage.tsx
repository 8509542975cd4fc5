/** One version of a card, to be looked at and changed. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useApi } from "../../api/context";
import { type CardVersion, cardQuery } from "../../api/queries/cards/cards";
import { Answer } from "../../kit/Answer";
import { Guarded } from "../../session/Guarded";
import { useText } from "../../text/language";
import { cardJournals } from "../saving/journals";
import { CARD_ROUTE } from "./address";
import { Designer } from "./Designer";
import { TEXTS } from "./text";

export function CardDesignerPage() {
  return (
    <Guarded permission="read.definitions">
      <Opened />
    </Guarded>
  );
}

function Opened() {
  const { cardId, version } = useParams({ from: CARD_ROUTE });
  const { codes } = useText(TEXTS);
  const [round, setRound] = useState(0);
  const opened = useOpened(cardId, Number(version));
  const query = useQuery(cardQuery(useApi(), cardId, opened.version));
  const [journals] = useState(cardJournals);
  return (
    <Answer query={query} rows={10} words={codes}>
      {({ item }) => (
        <Designer
          key={`${cardId} ${opened.version} ${round}`}
          card={item}
          journals={journals}
          onVersion={opened.follow}
          onReopen={() => {
            const reopen = (): void => setRound((before) => before + 1);
            if (opened.settle()) reopen();
            else void query.refetch().then(reopen);
          }}
        />
      )}
    </Answer>
  );
}

/**
 * The version that was opened. A save of an ACTIVE version makes another one: its address is shown, and what is on the
 * screen, with all that can be undone, stays.
 */
function useOpened(cardId: string, version: number) {
  const navigate = useNavigate();
  const search = useSearch({ from: CARD_ROUTE });
  const opened = useRef({ cardId, version, followed: version });
  if (opened.current.cardId !== cardId || opened.current.followed !== version) {
    opened.current = { cardId, version, followed: version };
  }
  return {
    version: opened.current.version,
    /** Opens the version whose address is shown; returns whether it is another one. */
    settle: (): boolean => {
      const isOther = opened.current.version !== opened.current.followed;
      opened.current = { ...opened.current, version: opened.current.followed };
      return isOther;
    },
    follow: ({ card_version: next }: CardVersion): void => {
      opened.current = { ...opened.current, followed: next };
      void navigate({
        to: "/cards/$cardId/v/$version",
        params: { cardId, version: String(next) },
        search,
        replace: true,
      });
    },
  };
}

/** One request: its card, and the buttons that answer it. */

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { useApi } from "../api/context";
import { myCardQuery } from "../api/queries/inbox/inbox";
import { CardFrame, type CardFrameHandle } from "../frame/CardFrame";
import type { FrameAction, FrameButton } from "../frame/messages";
import { Answer } from "../kit/Answer";
import { Problem } from "../kit/states/Problem";
import { useThemeName } from "../kit/theme";
import { usePreferences } from "../session/preferences";
import type { JsonObject } from "../shared/http";
import { useText } from "../text/language";
import styles from "./Card.module.css";
import { CardHead } from "./CardHead";
import { DecideBar } from "./deciding/DecideBar";
import { type CardItem, questionOf } from "./deciding/decide";
import { ResultNote, StatusNote } from "./deciding/Outcome";
import { fillCard } from "./deciding/refill";
import { useAnswer } from "./deciding/use-answer";
import { type Decision, isHeld } from "./deciding/use-held";
import { TEXTS } from "./text";

// A first look at a request needs neither.
const PassOn = lazy(async () => ({ default: (await import("./deciding/PassOn")).PassOn }));
const Question = lazy(async () => ({ default: (await import("./deciding/Question")).Question }));

interface CardPaneProps {
  cardId: string;
  subject: string;
  /** The answer that the reader took back, whose values the card has again. */
  filled: JsonObject | null;
  /** Takes a decision of a key, which is not sent yet. */
  onHold: (decision: Decision) => void;
  onDone: (sentence: string) => void;
}

export function CardPane(props: CardPaneProps) {
  const { codes } = useText(TEXTS);
  const query = useQuery(myCardQuery(useApi(), props.cardId));
  return (
    <Answer query={query} rows={8} words={codes}>
      {({ item }) => <Card item={item} {...props} />}
    </Answer>
  );
}

function Card({ item, cardId, subject, filled, onHold, onDone }: CardPaneProps & { item: CardItem }) {
  const text = useText(TEXTS);
  const theme = useThemeName(usePreferences().preferences.theme);
  const frame = useRef<CardFrameHandle>(null);
  const [buttons, setButtons] = useState<readonly FrameButton[]>([]);
  const [asked, setAsked] = useState<FrameAction | null>(null);
  const [isPassing, setIsPassing] = useState(false);
  const answer = useAnswer(cardId, ({ title }) => onDone(text.recorded(title, subject)));
  const isOpen = item.status === "OPEN";
  const send = (action: FrameAction): void => {
    if (isHeld(action)) onHold({ cardId, subject, item, action });
    else answer.mutate({ action, revision: item.revision });
  };
  const card = useMemo(() => (filled === null ? item.card : fillCard(item.card, filled)), [item.card, filled]);
  const decide = (action: FrameAction): void => {
    if (answer.isPending) return;
    if (questionOf(item, action) === null) send(action);
    else setAsked(action);
  };
  return (
    <div className={styles.pane} data-fills-phone>
      <CardHead cardId={cardId} item={item} subject={subject} onPassOn={() => setIsPassing(true)} />
      <div className={styles.scroll}>
        <Notes item={item} answer={answer} />
        <div className={styles.card}>
          <CardFrame
            ref={frame}
            card={card}
            subject={subject}
            isOpen={isOpen}
            isBusy={answer.isPending}
            theme={theme}
            onAction={decide}
            onButtons={setButtons}
          />
        </div>
      </div>
      {isOpen && (
        <DecideBar
          item={item}
          buttons={buttons}
          isBusy={answer.isPending}
          onPress={(at, isKey) => frame.current?.press(at, isKey)}
          onComment={() => frame.current?.focus("comment")}
        />
      )}
      <Dialogs
        {...{ item, cardId, subject, asked, isPassing }}
        onConfirm={send}
        onClose={() => {
          setAsked(null);
          setIsPassing(false);
        }}
        onPassedOn={(person) => onDone(text.passedOn(person))}
      />
    </div>
  );
}

interface DialogsProps {
  item: CardItem;
  cardId: string;
  subject: string;
  asked: FrameAction | null;
  isPassing: boolean;
  onConfirm: (action: FrameAction) => void;
  onClose: () => void;
  onPassedOn: (person: string) => void;
}

/** What is asked before a request is decided or passed on. */
function Dialogs({ item, cardId, subject, asked, isPassing, onConfirm, onClose, onPassedOn }: DialogsProps) {
  return (
    <Suspense>
      {asked !== null && (
        <Question
          item={item}
          subject={subject}
          action={asked}
          onClose={onClose}
          onConfirm={(action) => {
            onClose();
            onConfirm(action);
          }}
        />
      )}
      {isPassing && (
        <PassOn
          cardId={cardId}
          requester={item.approval?.requester ?? null}
          onClose={onClose}
          onPassedOn={onPassedOn}
        />
      )}
    </Suspense>
  );
}

/** What became of the answer, else how the request is. */
function Notes({ item, answer }: { item: CardItem; answer: ReturnType<typeof useAnswer> }) {
  const text = useText(TEXTS);
  const result = answer.data;
  const isRefused = result !== undefined && result.result !== "recorded";
  return (
    <div className={styles.notes}>
      {isRefused && <ResultNote result={result} item={item} />}
      {answer.error !== null && <Problem error={answer.error} words={text.codes} shape="bar" />}
      {!isRefused && <StatusNote item={item} />}
    </div>
  );
}

/** Above the card: what is asked, by whom, and how far it is. */

import { Button } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { CopyButton } from "../kit/CopyButton";
import { Icon } from "../kit/icons";
import { useIsPhone } from "../kit/theme";
import { useText } from "../text/language";
import { useTimes } from "../text/time";
import { useInboxSearch, withCard } from "./address";
import styles from "./Card.module.css";
import { type CardItem, decisionOf } from "./deciding/decide";
import { Due } from "./list/Row";
import { shortAddress } from "./list/row";
import { TEXTS } from "./text";
import type { InboxText } from "./text.en";

interface CardHeadProps {
  cardId: string;
  item: CardItem;
  subject: string;
  onPassOn: () => void;
}

export function CardHead({ cardId, item, subject, onPassOn }: CardHeadProps) {
  const text = useText(TEXTS);
  const isPhone = useIsPhone();
  const search = useInboxSearch();
  // Beside the list, the list has the heading of the page.
  const Heading = isPhone ? "h1" : "h2";
  const isOpen = item.status === "OPEN";
  const requester = item.approval?.requester;
  const source = (
    <p className={styles.source}>{requester ? text.askedBy(item.workflow_name, requester) : item.workflow_name}</p>
  );
  return (
    <header className={styles.head}>
      <div className={styles.headRow}>
        {isPhone && (
          <Link to="/inbox" search={withCard(search, undefined)} className={styles.back} aria-label={text.back}>
            <Icon name="left" />
          </Link>
        )}
        <div className={styles.names}>
          <div className={styles.headRow}>
            <Heading className={styles.subject}>{subject}</Heading>
            {isOpen && <Due at={item.timeout_on} isPill />}
          </div>
          {!isPhone && source}
        </div>
        {isOpen && (
          <Button
            appearance="subtle"
            className={isPhone ? styles.touch : undefined}
            icon={<Icon name="pass" />}
            onClick={onPassOn}
            aria-label={text.passOn}
          >
            {!isPhone && text.passOn}
          </Button>
        )}
        {!isPhone && <CopyButton value={linkOf(cardId)} label={text.copyLink} icon="link" />}
      </div>
      {isPhone && source}
      <Progress item={item} />
      {isOpen && item.reminders > 0 && <p className={styles.source}>{text.reminded(item.reminders)}</p>}
      {item.passed_from && (
        <p className={styles.source}>{text.passedFrom(item.passed_from, item.passed_reason ?? "")}</p>
      )}
      {item.substitute_for && <p className={styles.source}>{text.standIn(item.substitute_for)}</p>}
    </header>
  );
}

// The card at the head of the list is on the screen without being named in the address.
function linkOf(cardId: string): string {
  return new URL(`/app/inbox?card=${encodeURIComponent(cardId)}`, window.location.href).href;
}

function Progress({ item }: { item: CardItem }) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const time = (at: number): string => formats.short(at, now);
  const decisions = item.approval?.decisions ?? answerOf(item);
  const until = item.timeout_on;
  return (
    <ol className={styles.progress} aria-label={text.decisionsSoFar}>
      <Stage icon="done">{text.asked(time(item.opened_on))}</Stage>
      {decisions.map(({ user, action, at }) => (
        <Stage key={`${user} ${at}`} icon={decisionOf(action) === "rejected" ? "close" : "done"}>
          {sentenceOf(text, shortAddress(user), action, time(at))}
        </Stage>
      ))}
      {item.status === "OPEN" && <Stage icon="waiting">{until === null ? text.you : text.youUntil(time(until))}</Stage>}
    </ol>
  );
}

/** Returns the one answer of a card that is no approval. */
function answerOf({ answered_by, answered_on, decision }: CardItem) {
  return answered_by && answered_on !== null ? [{ user: answered_by, action: decision ?? "", at: answered_on }] : [];
}

function sentenceOf(text: InboxText, person: string, action: string, time: string): string {
  switch (decisionOf(action)) {
    case "approved":
      return text.approvedBy(person, time);
    case "rejected":
      return text.rejectedBy(person, time);
    case null:
      return text.decidedBy(person, action, time);
  }
}

const TONES = { done: styles.done, close: styles.refused, waiting: styles.waiting };

function Stage({ icon, children }: { icon: keyof typeof TONES; children: ReactNode }) {
  return (
    <li className={TONES[icon]}>
      <span className={styles.disc}>
        <Icon name={icon === "done" ? "check" : icon} size={12} />
      </span>
      <span>{children}</span>
    </li>
  );
}

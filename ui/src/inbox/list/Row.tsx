/** One request in the list: subject, key fact, workflow, requester, since, due. */

import { Link } from "@tanstack/react-router";
import { Tag } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { Time, useTimes } from "../../text/time";
import { useInboxSearch, withCard } from "../address";
import { TEXTS } from "../text";
import styles from "./List.module.css";
import { type CardRow, dueOf, keyFactOf, shortAddress, withDates } from "./row";

interface RowProps {
  card: CardRow;
  isGone: boolean;
  isChosen: boolean;
  /** Absent: nothing is being selected. */
  selection?: { isSelected: boolean; onToggle: () => void };
}

export function Row({ card, isGone, isChosen, selection }: RowProps) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const subject = card.subject || text.noSubject;
  const { workflow_name: workflow, requester } = card;
  return (
    <li className={`${styles.item} ${isChosen ? styles.chosen : ""} ${isGone ? styles.gone : ""}`}>
      {selection && (
        <input
          type="checkbox"
          className={styles.box}
          checked={selection.isSelected}
          disabled={card.bulk_key === null || isGone}
          onChange={selection.onToggle}
          aria-label={text.selectCard(subject)}
        />
      )}
      <Link
        to="/inbox"
        search={withCard(useInboxSearch(), card.card_id)}
        className={styles.row}
        aria-current={isChosen ? "true" : undefined}
        data-card={card.card_id}
      >
        <strong className={styles.subject}>{subject}</strong>
        <span className={styles.since}>
          <Time at={card.opened_on} />
        </span>
        <span className={styles.fact}>{withDates(keyFactOf(card), formats)}</span>
        <Marks card={card} />
        <span className={styles.source}>{requester ? text.from(workflow, shortAddress(requester)) : workflow}</span>
        {isGone ? <span className={styles.later}>{text.gone}</span> : <Due at={card.due_on} />}
      </Link>
    </li>
  );
}

function Marks({ card }: { card: CardRow }) {
  const text = useText(TEXTS);
  const { progress, is_substitute_for: other, status } = card;
  return (
    <span className={styles.marks}>
      {status === "FROZEN" && <Tag>{text.frozen}</Tag>}
      {other && <Tag>{text.forOther(shortAddress(other))}</Tag>}
      {progress && progress.needed > 1 && <Tag>{text.progress(progress.done, progress.needed)}</Tag>}
    </span>
  );
}

/** When the time to answer ends: red, with a picture and a word, where less than 4 working hours are left. */
export function Due({ at, isPill = false }: { at: number | null; isPill?: boolean }) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const due = dueOf(at, now);
  switch (due.kind) {
    case "none":
      return null;
    case "later":
      return <span className={styles.later}>{text.due(formats.short(due.at, now))}</span>;
    case "soon":
    case "over":
      return (
        <span className={isPill ? `${styles.soon} ${styles.pill}` : styles.soon} title={formats.instant(due.at)}>
          <Icon name="clock" size={14} />
          {due.kind === "soon" ? text.due(formats.distance(due.at, now)) : text.over(formats.distance(due.at, now))}
        </span>
      );
  }
}

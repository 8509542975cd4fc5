import { Fragment } from "react";
import { durationWords } from "../../../kit/fields/duration-words";
import { useLanguage, useText } from "../../../text/language";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import type { Terms } from "./terms";

/** An approval in words: who is asked, how many must approve, and what happens in time. */
export function Sentence({ terms }: { terms: Terms }) {
  const { sentence: text } = useText(PANEL_TEXTS);
  const language = useLanguage();
  const duration = (iso: string): string => durationWords(language, iso, terms.calendar !== "");
  const people = (addresses: readonly string[]) => <People addresses={addresses} and={text.and} />;
  const { reminders, escalation, timeout } = terms;
  return (
    <p className={styles.sentence}>
      {text.ask} {terms.people === null ? <Value>{text.store(terms.store)}</Value> : people(terms.people)}{" "}
      <Value>{terms.isSequence ? text.inTurn : text.atOnce}</Value>. <Value>{text.quorum(terms.quorum)}</Value>{" "}
      {text.mustApprove(terms.quorum)}
      {terms.isVeto && `; ${text.veto}`}.
      {reminders.length > 0 && (
        <>
          {" "}
          {text.remind} <List items={reminders.map(duration)} and={text.and} />.
        </>
      )}
      {escalation.map(({ after, to }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two substitutions may be the same
        <Fragment key={at}>
          {" "}
          {text.handOver} {people(to)} {text.after} <Value>{duration(after)}</Value>.
        </Fragment>
      ))}
      {timeout !== "" && (
        <>
          {" "}
          {text.giveUp} <Value>{duration(timeout)}</Value>.
        </>
      )}
    </p>
  );
}

function People({ addresses, and }: { addresses: readonly string[]; and: string }) {
  const { sentence: text } = useText(PANEL_TEXTS);
  if (addresses.length === 0) return <Value>{text.noPeople}</Value>;
  return <List items={addresses} and={and} />;
}

function List({ items, and }: { items: readonly string[]; and: string }) {
  return items.map((item, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: two reminders may be the same
    <Fragment key={at}>
      {at > 0 && (at === items.length - 1 ? ` ${and} ` : ", ")}
      <Value>{item}</Value>
    </Fragment>
  ));
}

function Value({ children }: { children: string }) {
  return <strong className={styles.word}>{children}</strong>;
}

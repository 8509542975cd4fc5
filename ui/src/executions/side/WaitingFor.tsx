/** What an open visit of a step waits for: an answer of people, by which cards, since when and until when. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { type AskedCard, askedCardsQuery } from "../../api/queries/executions/open-cards";
import { Chip } from "../../kit/Chip";
import { Problem } from "../../kit/states/Problem";
import { useSession } from "../../session/session";
import { useText } from "../../text/language";
import { Time, useTimes } from "../../text/time";
import type { Visit } from "../log/visits";
import { TEXTS } from "../text";
import type { SideProps } from "./Side";
import side from "./Side.module.css";
import styles from "./Step.module.css";

/** Cards of more people are in the list of open cards. */
const MOST = 20;

type WaitingForProps = Pick<SideProps, "row" | "isNow"> & { visit: Visit };

export function WaitingFor({ row, isNow, visit }: WaitingForProps) {
  const { waits: text } = useText(TEXTS);
  const { formats, now } = useTimes();
  const { who, startedOn, until } = visit;
  return (
    <section className={styles.values} aria-label={text.title}>
      <p>
        {who.length > 0 ? text.forPeople(who) : text.forCall} {text.since(formats.short(startedOn, now))}{" "}
        {until === null ? text.forever : text.until(formats.short(until, now))}
      </p>
      {isNow && who.length > 0 && <Cards row={row} visit={visit} />}
    </section>
  );
}

function Cards({ row, visit }: Omit<WaitingForProps, "isNow">) {
  const { waits: text } = useText(TEXTS);
  const { workflow_execution_id: executionId, workflow_id: workflowId } = row;
  const { step, startedOn: since } = visit;
  const people = visit.who.slice(0, MOST);
  const query = useQuery(askedCardsQuery(useApi(), { executionId, workflowId, step, since, people }));
  if (query.error !== null) return <Problem error={query.error} shape="bar" />;
  return (
    <>
      <ul className={side.decisions} aria-label={text.cards}>
        {query.data?.map((card) => (
          <Card key={card.card_id} card={card} />
        ))}
      </ul>
      <Link to="/operations/cards">{text.allCards}</Link>
    </>
  );
}

function Card({ card: { card_id: card, recipient, channel, status, opened_on: openedOn, url } }: { card: AskedCard }) {
  const { waits: text } = useText(TEXTS);
  const { email } = useSession().user;
  const isOwn = recipient.toLowerCase() === email.toLowerCase();
  return (
    <li>
      <p>
        <Chip tone={status === "OPEN" ? "waiting" : "failed"}>{text.states[status]}</Chip> <strong>{recipient}</strong>
      </p>
      <p className={styles.quiet}>
        {text.channel(channel)} · <Time at={openedOn} />
      </p>
      {isOwn ? (
        <Link to="/inbox" search={{ card }}>
          {text.openOwn}
        </Link>
      ) : (
        url !== null && (
          <a href={url} target="_blank" rel="noreferrer">
            {text.openFor(recipient)}
          </a>
        )
      )}
    </li>
  );
}

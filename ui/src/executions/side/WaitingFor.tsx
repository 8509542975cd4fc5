/** What an open visit of a step waits for: an answer of people or a call, since when and until when. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { ownCardQuery } from "../../api/queries/executions/own-card";
import type { Visit } from "../../graph/log/visits";
import { useSession } from "../../session/session";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import type { SideProps } from "./moment";
import styles from "./Step.module.css";

type WaitingForProps = Pick<SideProps, "row" | "isNow"> & { visit: Visit };

export function WaitingFor({ row, isNow, visit }: WaitingForProps) {
  const { waits: text } = useText(TEXTS);
  const { formats, now } = useTimes();
  const { email } = useSession().user;
  const { who, undelivered, startedOn, until } = visit;
  const isAsked = who.some((person) => person.toLowerCase() === email.toLowerCase());
  return (
    <section className={styles.values} aria-label={text.title}>
      <p>
        {who.length > 0 ? text.forPeople(who) : text.forCall} {text.since(formats.short(startedOn, now))}{" "}
        {until === null ? text.forever : text.until(formats.short(until, now))}
      </p>
      {undelivered.map(({ card, recipient, channel, code }) => (
        <p key={card}>{text.undelivered(recipient, channel, code)}</p>
      ))}
      {isNow && isAsked && (
        <p>
          <OwnCard row={row} visit={visit} />
        </p>
      )}
      {isNow && who.length > 0 && <Link to="/operations/cards">{text.allCards}</Link>}
    </section>
  );
}

/** Leads who was asked to their card; to the inbox as long as the card is not known. */
function OwnCard({ row, visit: { step, startedOn: since } }: Omit<WaitingForProps, "isNow">) {
  const { waits: text } = useText(TEXTS);
  const { workflow_execution_id: executionId, workflow_id: workflowId } = row;
  const { data: card } = useQuery(ownCardQuery(useApi(), { executionId, workflowId, step, since }));
  return (
    <Link to="/inbox" search={typeof card === "string" ? { card } : {}}>
      {typeof card === "string" ? text.openOwn : text.openInbox}
    </Link>
  );
}

/** Who holds what: the open cards, those whose time is over and those whose copy is not up to date. */

import { Button } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type OpenCard, openCardsQuery } from "../../api/queries/operations/operations";
import { Chip } from "../../kit/Chip";
import { CopyButton } from "../../kit/CopyButton";
import { type Column, DataTable } from "../../kit/DataTable";
import { useLive } from "../../kit/live";
import { Pages } from "../../kit/Pages";
import { Empty } from "../../kit/states/Empty";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { Time, useTimes } from "../../text/time";
import styles from "../operations.module.css";
import { TEXTS } from "../text";
import { CARD_CHOICES } from "./choices";
import { ReassignDialog } from "./ReassignDialog";
import { RemindDialog } from "./RemindDialog";

export function OpenCardsPage() {
  const { cards: text } = useText(TEXTS);
  const { show } = useSearch({ from: "/shell/operations/cards" });
  const { now } = useTimes();
  // The time at which the screen was opened: with a new one at each tick the list would begin again.
  const [opened] = useState(now);
  const filter = show === "stale" ? { is_stale: true } : show === "overdue" ? { due_before: opened } : {};
  const query = useInfiniteQuery(openCardsQuery(useApi(), filter));
  useLive(query.refetch);
  const [asked, setAsked] = useState<{ what: Act; card: OpenCard } | null>(null);
  const columns = useColumns(
    (what, card) => setAsked({ what, card }),
    query.data?.pages.some(({ items }) => items.some(({ url }) => url !== null)) ?? false,
  );
  const onClose = (): void => setAsked(null);
  return (
    <>
      <nav className={`${styles.tools} ${styles.choices}`} aria-label={text.which}>
        {CARD_CHOICES.map((choice) => (
          <Link
            key={choice}
            to="/operations/cards"
            search={choice === "all" ? {} : { show: choice }}
            className={styles.choice}
            aria-current={choice === (show ?? "all") ? "true" : undefined}
            activeOptions={{ exact: true, includeSearch: true }}
            replace
          >
            {text.choices[choice]}
          </Link>
        ))}
      </nav>
      <Pages query={query} empty={<Empty icon="done" title={text.empty[show ?? "all"]} />}>
        {(items) => (
          <DataTable label={text.label} columns={columns} rows={items} keyOf={({ card_id }: OpenCard) => card_id} />
        )}
      </Pages>
      {asked?.what === "reassign" && <ReassignDialog card={asked.card} onClose={onClose} />}
      {asked?.what === "remind" && <RemindDialog card={asked.card} onClose={onClose} />}
    </>
  );
}

type Act = "reassign" | "remind";

/** The links of cards are there for who may answer in the place of others; `hasLinks`: some are. */
function useColumns(onAct: (what: Act, card: OpenCard) => void, hasLinks: boolean): Column<OpenCard>[] {
  const { cards: text } = useText(TEXTS);
  const mayRepair = useMay("repair");
  return [
    { id: "who", head: text.who, cell: ({ recipient }) => recipient },
    {
      id: "process",
      head: text.processId,
      cell: ({ workflow_execution_id, process_id, state }) => (
        <span className={styles.cell}>
          <Link to="/executions/$executionId" params={{ executionId: workflow_execution_id }} preload={false}>
            {process_id}
          </Link>
          <small>{state}</small>
        </span>
      ),
    },
    { id: "opened", head: text.openedOn, cell: ({ opened_on }) => <Time at={opened_on} /> },
    { id: "due", head: text.due, cell: ({ due_on }) => <Due at={due_on} /> },
    { id: "channel", head: text.channel, cell: ({ channel }) => text.channels(channel) },
    { id: "state", head: text.state, cell: (card) => <State card={card} /> },
    ...(mayRepair || hasLinks
      ? [
          {
            id: "act",
            head: "",
            isRight: true,
            cell: (card: OpenCard) => (
              <span className={styles.buttons}>
                {card.url !== null && <CopyButton value={card.url} label={text.copyLink} icon="link" />}
                {mayRepair && card.status === "OPEN" && (
                  <Button
                    size="small"
                    aria-label={text.remindOf(card.process_id, card.recipient)}
                    onClick={() => onAct("remind", card)}
                  >
                    {text.remind}
                  </Button>
                )}
                {mayRepair && (
                  <Button
                    size="small"
                    aria-label={text.reassignOf(card.process_id, card.recipient)}
                    onClick={() => onAct("reassign", card)}
                  >
                    {text.reassign}
                  </Button>
                )}
              </span>
            ),
          },
        ]
      : []),
  ];
}

function Due({ at }: { at: number | null }) {
  const { now } = useTimes();
  if (at === null) return null;
  return (
    <span className={at < now ? styles.late : undefined}>
      <Time at={at} />
    </span>
  );
}

function State({ card: { status, is_stale, delivery } }: { card: OpenCard }) {
  const { cards: text } = useText(TEXTS);
  return (
    <span className={styles.chips}>
      {status === "FROZEN" ? <Chip tone="failed">{text.frozen}</Chip> : <Chip tone="waiting">{text.open}</Chip>}
      {(delivery?.state === "BLOCKED" || delivery?.state === "FAILED") && (
        <span title={delivery.reason ?? undefined}>
          <Chip tone="failed" icon="warning">
            {text.undelivered[delivery.state]}
          </Chip>
        </span>
      )}
      {is_stale && (
        <Chip tone="retry" icon="warning">
          {text.stale}
        </Chip>
      )}
    </span>
  );
}

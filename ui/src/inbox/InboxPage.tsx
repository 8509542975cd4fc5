/** The requests to the reader: a list and the card beside it; on a phone one after the other. */

import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { Note } from "../kit/Note";
import { Empty } from "../kit/states/Empty";
import { useIsPhone } from "../kit/theme";
import { useCommands } from "../shell/commands/commands";
import { TEXTS as SHELL } from "../shell/text";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { useInboxSearch, withCard } from "./address";
import { CardPane } from "./CardPane";
import styles from "./Inbox.module.css";
import { type Filter, filterOf } from "./list/filter";
import { List } from "./list/List";
import { neighbor } from "./list/shown";
import { type CardList, useCards } from "./list/use-cards";
import { type Selection, useSelection } from "./list/use-selection";
import { TEXTS } from "./text";

const BulkDialog = lazy(async () => ({ default: (await import("./deciding/BulkDialog")).BulkDialog }));

export function InboxPage() {
  const { show } = useInboxSearch();
  const filter = useMemo(() => filterOf(show), [show]);
  // Another filter is another list, whose rows have no places yet.
  return <Inbox key={show ?? ""} filter={filter} />;
}

function Inbox({ filter }: { filter: Filter }) {
  const text = useText(TEXTS);
  const list = useCards(filter);
  const selection = useSelection();
  const isPhone = useIsPhone();
  // What was recorded is said beside the request that follows, and only there.
  const [done, setDone] = useState<{ sentence: string; beside: string | undefined } | null>(null);
  const { card: asked } = useInboxSearch();
  // Beside the list there is always a card; on a phone the list comes first.
  const chosen = asked ?? (isPhone ? undefined : list.open[0]?.card_id);
  const choose = useChoose();
  useTitle(list.every.cards.length);
  useInboxCommands(list, selection, chosen);
  const settle = (cardId: string, sentence: string): void => {
    const after = neighbor(list.shown.rows, cardId, 1);
    const next = after === cardId ? neighbor(list.shown.rows, cardId, -1) : after;
    const beside = next === cardId ? undefined : next;
    setDone({ sentence, beside });
    list.remove([cardId]);
    choose(beside);
  };
  const subject = list.shown.rows.find(({ card }) => card.card_id === chosen)?.card.subject || text.noSubject;
  const note = done !== null && done.beside === chosen && (
    <div className={styles.done}>
      <Note>{done.sentence}</Note>
    </div>
  );
  return (
    <div className={isPhone ? styles.phone : styles.panes}>
      {isPhone && !chosen && note}
      {!(isPhone && chosen) && <List list={list} chosen={chosen} selection={selection} />}
      {(chosen || !isPhone) && (
        <section className={styles.side} aria-label={subject}>
          {note}
          {chosen ? (
            <CardPane key={chosen} cardId={chosen} subject={subject} onDone={(sentence) => settle(chosen, sentence)} />
          ) : (
            list.query.data !== undefined && <Empty icon="inbox" title={text.choose} />
          )}
        </section>
      )}
      <Suspense>
        {selection.reviewed !== null && (
          <BulkDialog
            cards={selection.reviewed}
            onClose={(left, recorded) => {
              list.remove(recorded);
              selection.settle(left);
            }}
          />
        )}
      </Suspense>
    </div>
  );
}

/** Returns what opens a card, or without one the list. */
function useChoose(): (cardId: string | undefined) => void {
  const navigate = useNavigate();
  const search = useInboxSearch();
  return (cardId) => {
    void navigate({ to: "/inbox", search: withCard(search, cardId), replace: true });
  };
}

function useTitle(count: number): void {
  const text = useText(TEXTS);
  const { product } = useText(SHARED);
  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ""}${text.title} · ${product}`;
  }, [count, text, product]);
}

function useInboxCommands(list: CardList, selection: Selection, chosen: string | undefined): void {
  const { keys: text } = useText(TEXTS);
  const group = useText(SHELL).groups.here;
  const choose = useChoose();
  const move = (step: 1 | -1) => (): void => choose(neighbor(list.shown.rows, chosen, step));
  const open = (): void => {
    choose(chosen);
    document.querySelector("iframe")?.focus();
  };
  const select = (): void => {
    if (chosen !== undefined) selection.toggle(list.open, chosen);
  };
  useCommands([
    { id: "next", group, text: text.next, icon: "down", keys: "j", mayRepeat: true, run: move(1) },
    { id: "previous", group, text: text.previous, icon: "up", keys: "k", mayRepeat: true, run: move(-1) },
    { id: "open", group, text: text.open, icon: "right", run: open },
    { id: "select", group, text: text.select, icon: "done", keys: "x", run: select },
  ]);
}

/** The requests to the reader: a list and the card beside it; on a phone one after the other. */

import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { Note } from "../kit/Note";
import { Empty } from "../kit/states/Empty";
import { useIsPhone } from "../kit/theme";
import { useCommands } from "../shell/commands/commands";
import { TEXTS as SHELL } from "../shell/text";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { useInboxSearch, withCard } from "./address";
import { CardPane } from "./CardPane";
import { HeldBar } from "./deciding/HeldBar";
import { HeldOutcome } from "./deciding/Outcome";
import { type Decision, type Outcome, useHeld } from "./deciding/use-held";
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
  const deciding = useDeciding();
  // Another filter is another list, whose rows have no places yet; what can be taken back stays so.
  return (
    <div className={styles.page}>
      <Inbox key={show ?? ""} filter={filter} deciding={deciding} />
      <HeldBar held={deciding.held} onUndo={deciding.undo} />
    </div>
  );
}

/** Decisions by keys: what is held, what was taken back last, and what became of the one that was sent last. */
function useDeciding() {
  const { held: text } = useText(TEXTS);
  const group = useText(SHELL).groups.here;
  const choose = useChoose();
  const { card } = useInboxSearch();
  const [sent, setSent] = useState<{ outcome: Outcome; beside: string | undefined } | null>(null);
  const [undone, setUndone] = useState<Decision | null>(null);
  const latest = useRef(card);
  latest.current = card;
  const { held, hidden, hold, undo } = useHeld((outcome) => setSent({ outcome, beside: latest.current }));
  const takeBack = (): void => {
    const decision = undo();
    if (decision === null) return;
    setUndone(decision);
    choose(decision.cardId);
  };
  useCommands(held === null ? [] : [{ id: "undo", group, text: text.undoKey, icon: "undo", keys: "z", run: takeBack }]);
  return {
    held,
    hidden,
    undo: takeBack,
    undone,
    // What was said beside a request leaves with it.
    outcome: sent !== null && sent.beside === card ? sent.outcome : null,
    hold: (decision: Decision): void => {
      setSent(null);
      setUndone(null);
      hold(decision);
    },
  };
}

interface InboxProps {
  filter: Filter;
  deciding: ReturnType<typeof useDeciding>;
}

function Inbox({ filter, deciding }: InboxProps) {
  const text = useText(TEXTS);
  const { held, hidden, hold, undone, outcome } = deciding;
  const list = useCards(filter, hidden);
  const selection = useSelection();
  const isPhone = useIsPhone();
  // What was recorded is said beside the request that follows, and only there.
  const [done, setDone] = useState<{ sentence: string; beside: string | undefined } | null>(null);
  const { card } = useInboxSearch();
  // While its decision is held, a request takes no other one.
  const asked = card === held?.cardId ? undefined : card;
  // Beside the list there is always a card; on a phone the list comes first.
  const chosen = asked ?? (isPhone ? undefined : list.open[0]?.card_id);
  const choose = useChoose();
  useTitle(list.every.cards.length);
  useInboxCommands(list, selection, chosen);
  const settle = (cardId: string, sentence: string): void => {
    const beside = besideOf(list.shown.rows, cardId);
    setDone({ sentence, beside });
    list.remove([cardId]);
    choose(beside);
  };
  const keep = (decision: Decision): void => {
    setDone(null);
    choose(besideOf(list.shown.rows, decision.cardId));
    hold(decision);
  };
  const row = list.shown.rows.find(({ card }) => card.card_id === chosen);
  const again = undone?.cardId === chosen ? undone : null;
  const subject = row?.card.subject || again?.subject || text.noSubject;
  const isDone = done !== null && done.beside === chosen;
  const note = (isDone || outcome !== null) && (
    <div className={styles.done}>
      {isDone && <Note>{done.sentence}</Note>}
      {outcome !== null && <HeldOutcome {...outcome} />}
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
            <CardPane
              key={chosen}
              cardId={chosen}
              subject={subject}
              filled={again?.action.data ?? null}
              onHold={keep}
              onDone={(sentence) => settle(chosen, sentence)}
            />
          ) : (
            list.query.data !== undefined && <Empty icon="inbox" title={text.choose} />
          )}
        </section>
      )}
      <Review selection={selection} onRecorded={list.remove} />
    </div>
  );
}

/** Returns the request that follows another one in the list, or precedes the last one. */
function besideOf(rows: Parameters<typeof neighbor>[0], cardId: string): string | undefined {
  const after = neighbor(rows, cardId, 1);
  const next = after === cardId ? neighbor(rows, cardId, -1) : after;
  return next === cardId ? undefined : next;
}

interface ReviewProps {
  selection: ReturnType<typeof useSelection>;
  onRecorded: ReturnType<typeof useCards>["remove"];
}

/** The dialog in which several requests are decided together. */
function Review({ selection, onRecorded }: ReviewProps) {
  return (
    <Suspense>
      {selection.reviewed !== null && (
        <BulkDialog
          cards={selection.reviewed}
          onClose={(left, recorded) => {
            onRecorded(recorded);
            selection.settle(left);
          }}
        />
      )}
    </Suspense>
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

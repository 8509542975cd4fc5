/** The requests to the reader, beside the card. */

import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { absenceQuery } from "../../api/queries/inbox/inbox";
import { Count } from "../../kit/Chip";
import { TableFoot } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { Note } from "../../kit/Note";
import { Empty } from "../../kit/states/Empty";
import { Loading } from "../../kit/states/Loading";
import { Newer } from "../../kit/states/Newer";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { groupsOf } from "../deciding/bulk";
import { InboxTabs } from "../InboxTabs";
import { TEXTS } from "../text";
import { Filters } from "./Filters";
import styles from "./List.module.css";
import { Row } from "./Row";
import type { CardList } from "./use-cards";
import type { Selection } from "./use-selection";

interface ListProps {
  list: CardList;
  chosen: string | undefined;
  selection: Selection;
}

export function List({ list, chosen, selection }: ListProps) {
  const text = useText(TEXTS);
  const { cards, isWhole } = list.every;
  return (
    <section className={styles.pane} aria-label={text.list}>
      <header className={styles.head}>
        <div className={styles.titleRow}>
          <h1 className={styles.title}>{text.title}</h1>
          {cards.length > 0 && <Count value={cards.length} isMore={!isWhole} tone="brand" />}
          <Newer count={list.shown.newer} onShow={list.showAll} />
          <span className={styles.grow} />
          {groupsOf(list.open).length > 0 && <SelectButton selection={selection} />}
        </div>
        <InboxTabs />
      </header>
      <AbsenceNote />
      <Filters cards={cards} isWhole={isWhole} chosen={list.filter} />
      <Together list={list} selection={selection} />
      <div className={styles.scroll}>
        <Rows list={list} chosen={chosen} selection={selection} />
      </div>
    </section>
  );
}

function SelectButton({ selection }: { selection: Selection }) {
  const text = useText(TEXTS);
  const { isOn, turn } = selection;
  return (
    <Button appearance="subtle" icon={<Icon name={isOn ? "close" : "done"} />} onClick={() => turn(!isOn)}>
      {isOn ? text.endSelection : text.select}
    </Button>
  );
}

function Rows({ list, chosen, selection }: ListProps) {
  const { query, shown } = list;
  const retry = (): void => void query.refetch();
  if (query.data === undefined) {
    return query.error === null ? <Loading rows={6} /> : <Problem error={query.error} onRetry={retry} />;
  }
  if (shown.rows.length === 0 && !query.hasNextPage) return <NoRows isFiltered={list.filter.kind !== "all"} />;
  return (
    <>
      {query.error !== null && <Problem error={query.error} onRetry={retry} shape="bar" />}
      <ul className={styles.rows}>
        {shown.rows.map(({ card, isGone }) => (
          <Row
            key={card.card_id}
            card={card}
            isGone={isGone}
            isChosen={card.card_id === chosen}
            {...(selection.isOn && {
              selection: {
                isSelected: selection.ids.has(card.card_id),
                onToggle: () => selection.toggle(list.open, card.card_id),
              },
            })}
          />
        ))}
      </ul>
      {query.hasNextPage && (
        <TableFoot
          count={shown.rows.length}
          hasMore={query.hasNextPage}
          isLoading={query.isFetchingNextPage}
          onMore={() => void query.fetchNextPage()}
        />
      )}
    </>
  );
}

function NoRows({ isFiltered }: { isFiltered: boolean }) {
  const text = useText(TEXTS);
  if (isFiltered) {
    return (
      <Empty icon="filter" title={text.noneShown}>
        <Link to="/inbox">{text.allShown}</Link>
      </Empty>
    );
  }
  return (
    <Empty icon="inbox" title={text.empty}>
      {text.emptyHint}
    </Empty>
  );
}

/** Offers to decide several requests together: those that are selected, else the largest group. */
function Together({ list, selection }: { list: CardList; selection: Selection }) {
  const text = useText(TEXTS);
  const selected = list.open.filter(({ card_id }) => selection.ids.has(card_id));
  const group = selection.isOn ? selected : (groupsOf(list.open)[0] ?? []);
  if (group.length < (selection.isOn ? 1 : 2)) return null;
  return (
    <div className={styles.together}>
      <span>{text.together(group.length)}</span>
      <Button size="small" className={styles.review} onClick={() => selection.review(group)}>
        {text.review(group.length)}
      </Button>
    </div>
  );
}

function AbsenceNote() {
  const { absence: text } = useText(TEXTS);
  const { formats } = useTimes();
  const { data } = useQuery(absenceQuery(useApi()));
  if (!data?.is_active || data.item === null) return null;
  return (
    <div className={styles.absence}>
      <Note tone="info">{text.active(data.item.substitute, formats.day(data.item.to - 1))}</Note>
    </div>
  );
}

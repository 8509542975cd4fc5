/** The history: every execution, found by its numbers and names, and live. */

import { Button } from "@fluentui/react-components";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { Icon } from "../../kit/icons";
import { Page } from "../../kit/Page";
import { Empty } from "../../kit/states/Empty";
import { Loading } from "../../kit/states/Loading";
import { Newer } from "../../kit/states/Newer";
import { Problem } from "../../kit/states/Problem";
import { useIsPhone } from "../../kit/theme";
import { Guarded } from "../../session/Guarded";
import { useMay } from "../../session/session";
import { useChosen } from "../../shell/handover";
import { csvOf, saveFile } from "../../text/csv";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import { ColumnsMenu } from "./ColumnsMenu";
import { SelectionBar } from "./choosing/SelectionBar";
import { type Selecting, useSelecting } from "./choosing/selection";
import { type Column, textOfCell, useColumns } from "./columns";
import { Filters } from "./Filters";
import styles from "./History.module.css";
import { HistoryViews } from "./HistoryViews";
import { type HistorySearch, isFiltered } from "./history-search";
import { Table } from "./Table";
import { TagSearch } from "./TagSearch";
import { type HistoryRows, useHistory } from "./use-history";

export function HistoryPage() {
  return (
    <Guarded permission="read.executions">
      <History />
    </Guarded>
  );
}

function History() {
  const text = useText(TEXTS).history;
  const search = useSearch({ from: "/shell/executions" });
  const change = useChange();
  const history = useHistory(search);
  const columns = useColumns(search.hide ?? [], history.rows);
  const isPhone = useIsPhone();
  const { hide: _, ...filters } = search;
  const selecting = useSelecting(history.rows, JSON.stringify(filters), useChosen());
  const maySelect = useMay("repair") && !isPhone;
  return (
    <Page
      title={text.title}
      aside={<Newer count={history.newer} onShow={history.showNewer} />}
      actions={
        !isPhone && (
          <>
            <CsvButton columns={columns} history={history} />
            <ColumnsMenu hidden={search.hide ?? []} onHide={(hide) => change({ hide })} />
          </>
        )
      }
      tabs={
        <>
          <HistoryViews search={search} />
          <div className={styles.tools}>
            <TagSearch words={search.q ?? []} onWords={(q) => change({ q })} />
            <Filters search={search} onChange={change} />
          </div>
        </>
      }
      width="full"
    >
      <Rows
        history={history}
        columns={columns}
        search={search}
        selecting={maySelect ? selecting : null}
        onClear={() => change({}, true)}
      />
    </Page>
  );
}

interface RowsProps {
  history: HistoryRows;
  columns: readonly Column[];
  search: HistorySearch;
  selecting: Selecting | null;
  onClear: () => void;
}

function Rows({ history, columns, search, selecting, onClear }: RowsProps) {
  const text = useText(TEXTS).history;
  const shared = useText(SHARED);
  const { query, rows } = history;
  const { data, error } = query;
  const retry = (): void => void query.refetch();
  if (data === undefined) return error === null ? <Loading rows={10} /> : <Problem error={error} onRetry={retry} />;
  if (rows.length === 0 && !history.isTruncated) {
    return isFiltered(search) ? (
      <Empty icon="filter" title={text.noMatch} action={<Button onClick={onClear}>{shared.dropFilters}</Button>} />
    ) : (
      <Empty icon="executions" title={text.empty}>
        {text.emptyHint}
      </Empty>
    );
  }
  return (
    <div className={styles.content}>
      {error !== null && <Problem error={error} onRetry={retry} shape="bar" />}
      {selecting !== null && <SelectionBar selecting={selecting} search={search} />}
      <Table history={history} columns={columns} selecting={selecting} />
      <Foot history={history} />
    </div>
  );
}

/** How many rows were loaded, and what a search has not looked through yet. */
function Foot({ history }: { history: HistoryRows }) {
  const text = useText(TEXTS).history;
  const shared = useText(SHARED);
  const { formats } = useTimes();
  const { query, rows, start, isTruncated } = history;
  const count = formats.number(start + rows.length);
  return (
    <footer className={styles.foot}>
      <span role="status">{query.hasNextPage ? shared.moreFollow(count) : shared.all(count)}</span>
      {isTruncated && (
        <Button size="small" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {query.isFetchingNextPage ? shared.loading : text.searchOn}
        </Button>
      )}
    </footer>
  );
}

function CsvButton({ columns, history }: { columns: readonly Column[]; history: HistoryRows }) {
  const text = useText(TEXTS).history;
  const save = (): void => {
    const cells = history.rows.map((row) => columns.map((column) => textOfCell(column, row)));
    saveFile("executions.csv", csvOf([columns.map(({ head }) => head), ...cells]));
  };
  return (
    <Button
      appearance="subtle"
      icon={<Icon name="download" size={16} />}
      disabled={history.rows.length === 0}
      onClick={save}
    >
      {text.csv}
    </Button>
  );
}

/** Returns what changes filters in the address; with `isAll` only these remain. */
export function useChange(): (
  some: { [Key in keyof HistorySearch]?: HistorySearch[Key] | undefined },
  isAll?: boolean,
) => void {
  const navigate = useNavigate();
  return useCallback(
    (some, isAll = false) => {
      const next = (before: HistorySearch): HistorySearch => {
        const all = Object.entries({ ...(isAll ? {} : before), ...some });
        const isSet = (value: unknown): boolean => value !== undefined && !(Array.isArray(value) && value.length === 0);
        return Object.fromEntries(all.filter(([, value]) => isSet(value)));
      };
      void navigate({ to: "/executions", search: next, replace: true });
    },
    [navigate],
  );
}

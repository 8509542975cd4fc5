/** The history: every execution, found by its numbers and names, and live. */

import { Button } from "@fluentui/react-components";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
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
import { SelectionBar } from "./choosing/SelectionBar";
import { type Selecting, useSelecting } from "./choosing/selection";
import { Filters } from "./Filters";
import styles from "./History.module.css";
import { type ColumnId, type HistorySearch, isFiltered } from "./history-search";
import { TagSearch } from "./TagSearch";
import { ColumnsDialog } from "./table/ColumnsDialog";
import { type Column, textOfCell, useColumns } from "./table/columns";
import { DensitySwitch } from "./table/DensitySwitch";
import { Table } from "./table/Table";
import { useLayout } from "./table/use-layout";
import { type HistoryRows, useHistory } from "./use-history";
import { useKnown } from "./use-known";
import { HistoryViews } from "./views/HistoryViews";

const NONE_HIDDEN: readonly ColumnId[] = [];

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
  const { layout, change: store } = useLayout();
  // While an edge moves its column follows; what is left of it is stored.
  const [sizing, setSizing] = useState<Readonly<Record<string, number>>>({});
  const widths = useMemo(() => ({ ...layout.widths, ...sizing }), [layout, sizing]);
  const columns = useColumns(search.hide ?? NONE_HIDDEN, { ...layout, widths }, history.rows);
  const known = useKnown(search, history.rows);
  const searchFor = useCallback((next: HistorySearch) => change(next, true), [change]);
  const [isLayingOut, setIsLayingOut] = useState(false);
  const isPhone = useIsPhone();
  const { hide: _, ...filters } = search;
  const selecting = useSelecting(history.rows, JSON.stringify(filters), useChosen());
  const maySelect = useMay("repair") && !isPhone;
  const onSized = (id: string, width: number): void => {
    setSizing({});
    store({ ...layout, widths: { ...layout.widths, [id]: width } });
  };
  return (
    <Page
      title={text.title}
      aside={<Newer count={history.newer} onShow={history.showNewer} />}
      actions={
        !isPhone && (
          <>
            <CsvButton columns={columns} history={history} />
            <Button appearance="subtle" icon={<Icon name="table" size={16} />} onClick={() => setIsLayingOut(true)}>
              {text.columns}
            </Button>
            <DensitySwitch />
          </>
        )
      }
      tabs={
        <>
          <HistoryViews search={search} />
          <div className={styles.tools}>
            <TagSearch search={search} known={known} onSearch={searchFor} />
            <Filters search={search} known={known} onChange={change} />
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
        onSize={(id, width) => setSizing({ [id]: width })}
        onSized={onSized}
      />
      {isLayingOut && (
        <ColumnsDialog
          hidden={search.hide ?? []}
          onHide={(hide) => change({ hide })}
          onClose={() => setIsLayingOut(false)}
        />
      )}
    </Page>
  );
}

interface RowsProps {
  history: HistoryRows;
  columns: readonly Column[];
  search: HistorySearch;
  selecting: Selecting | null;
  onClear: () => void;
  onSize: (id: string, width: number) => void;
  onSized: (id: string, width: number) => void;
}

function Rows({ history, columns, search, selecting, onClear, onSize, onSized }: RowsProps) {
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
      <Table history={history} columns={columns} selecting={selecting} onSize={onSize} onSized={onSized} />
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
          {query.isFetchingNextPage ? shared.loading : text.searchOn(formats.number(history.examined))}
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
  const navigate = useNavigate({ from: "/executions" });
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

/** One execution: why it does not move, its graph, timeline, log and data at any moment, and what can be done. */

import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useCallback } from "react";
import { useApi } from "../../api/context";
import {
  type ExecutionRow,
  executionKey,
  executionQuery,
  explanationQuery,
} from "../../api/queries/executions/executions";
import { useNewest } from "../../api/queries/executions/newest-log";
import { logQuery, type WholeLog } from "../../api/queries/executions/whole-log";
import { useHeads, useReread, useStreamState } from "../../api/stream/context";
import { readAgain } from "../../api/stream/read-again";
import { Answer } from "../../kit/Answer";
import { Loading } from "../../kit/states/Loading";
import { Problem } from "../../kit/states/Problem";
import { Guarded } from "../../session/Guarded";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Execution.module.css";
import { Head } from "./Head";
import { useOutline } from "./use-outline";
import { Views } from "./Views";
import { Why } from "./Why";

/** What changes while an execution runs. What had happened at a moment does not. */
const CHANGING: readonly unknown[] = ["why", "log", "decisions", "children", "cards"];
const POLL_MS = { live: 60_000, silent: 10_000 } as const;

export function ExecutionPage() {
  const { executionId } = useParams({ from: "/shell/executions/$executionId" });
  return (
    <Guarded permission="read.executions">
      <Execution key={executionId} executionId={executionId} />
    </Guarded>
  );
}

function Execution({ executionId }: { executionId: string }) {
  const text = useText(TEXTS);
  const api = useApi();
  const refresh = useRefresh(executionId);
  const isLive = useStreamState() === "live";
  const reread = useReread(refresh);
  useHeads((news) => {
    if (news.kind === "lost") reread();
    if (news.kind === "head" && news.head.workflow_execution_id === executionId) refresh();
  });
  // The log is the longest part of the page, and needs nothing of the others.
  const log = useQuery({ ...logQuery(api, executionId), enabled: useMay("read.payloads") });
  const why = useQuery({
    ...explanationQuery(api, executionId),
    refetchInterval: ({ state }) => state.error === null && (isLive ? POLL_MS.live : POLL_MS.silent),
  });
  return (
    <Answer query={why} rows={8} words={text.codes}>
      {({ item }) => (
        <div className={styles.page}>
          <Head why={item} onChanged={refresh} />
          <Why why={item} />
          <Guarded permission="read.payloads">
            <Read row={item.execution} log={log} onChanged={refresh} />
          </Guarded>
        </div>
      )}
    </Answer>
  );
}

interface ReadProps {
  row: ExecutionRow;
  log: UseQueryResult<WholeLog>;
  onChanged: () => void;
}

/** What a person without the right to read data does not see. */
function Read({ row, log, onChanged }: ReadProps) {
  const api = useApi();
  const { codes } = useText(TEXTS);
  const item = useQuery(executionQuery(api, row));
  useNewest(log, row);
  const details = item.data?.item.workflow_details;
  const outline = useOutline(details?.workflow_steps, details?.workflow_connections);
  const error = item.error ?? log.error;
  if (item.data === undefined || log.data === undefined || outline === null) {
    const retry = (): void => void Promise.all([item.refetch(), log.refetch()]);
    return error === null ? <Loading rows={8} /> : <Problem error={error} words={codes} onRetry={retry} />;
  }
  return (
    <>
      {error !== null && <Problem error={error} words={codes} shape="bar" />}
      <Views row={row} item={item.data.item} outline={outline} entries={log.data.entries} onChanged={onChanged} />
    </>
  );
}

/** Returns what reads again what may have changed. */
function useRefresh(executionId: string): () => void {
  const queries = useQueryClient();
  return useCallback(() => {
    const predicate = ({ queryKey }: { queryKey: readonly unknown[] }): boolean => CHANGING.includes(queryKey[2]);
    void readAgain(queries, { queryKey: executionKey(executionId), predicate });
  }, [queries, executionId]);
}

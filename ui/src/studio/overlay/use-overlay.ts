/** The execution of the address over the graph: read from the server, folded, and put into words. */

import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef } from "react";
import { useStore } from "zustand";
import { useApi } from "../../api/context";
import { type ExecutionRow, executionQuery, explanationQuery } from "../../api/queries/executions/executions";
import { useNewest } from "../../api/queries/executions/newest-log";
import { logQuery } from "../../api/queries/executions/whole-log";
import { fold } from "../../graph/log/fold";
import { VISIT_TEXTS } from "../../graph/log/text";
import type { Visit } from "../../graph/log/visits";
import { ERROR, NEXT, readOutline } from "../../graph/outline";
import { TEXTS as GRAPH_TEXTS } from "../../graph/text";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { graphKey } from "../canvas/drawing/use-drawn";
import { blockOf } from "../document/blocks";
import { stepById } from "../document/definition";
import { exitLook } from "../exits";
import { executionChoice, type SampleChoice } from "../panels/samples/sample-document";
import { sharedChoice } from "../panels/samples/use-sample";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { type Happened, type Overlay, overlayOf, withFolds } from "./overlay";

/** How often is looked whether an execution that has not ended has new events. */
const POLL_MS = 5_000;

export interface ShownExecution {
  /** Null where none is chosen, or where its reader may not see it. */
  id: string | null;
  /** Null until it is read, and of another workflow. */
  row: ExecutionRow | null;
  isOfAnother: boolean;
  error: unknown;
}

/** Returns whether the reader may see executions on the graph, with the log that they are drawn from. */
export function useMayOverlay(): boolean {
  const mayRead = useMay("read.executions");
  return useMay("read.payloads") && mayRead;
}

/** Returns the execution that the address names. */
export function useShownExecution(workflowId: string): ShownExecution {
  const { execution } = useSearch({ from: "/shell/workflows/$workflowId/v/$version" });
  const mayRead = useMayOverlay();
  const id = mayRead ? (execution ?? null) : null;
  const { data, error } = useQuery({
    ...explanationQuery(useApi(), id ?? ""),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.item.execution.ended_on === null ? POLL_MS : false),
  });
  const found = id === null ? null : (data?.item.execution ?? null);
  const isOfAnother = found !== null && found.workflow_id !== workflowId;
  return { id, row: isOfAnother ? null : found, isOfAnother, error: id === null ? null : error };
}

export interface OverlayState {
  overlay: Overlay | null;
  isOfAnother: boolean;
  /** Why the execution cannot be shown. */
  error: unknown;
}

/** Returns what the graph shows of the chosen execution; null while none is chosen or read. */
export function useOverlay(studio: Studio): OverlayState {
  const { workflowId } = studio.store.getState();
  const { row, isOfAnother, error } = useShownExecution(workflowId);
  const { happened, error: readError } = useHappened(row);
  useAsSample(studio, row);
  const { visitLine } = useText(VISIT_TEXTS);
  const { notReached } = useText(GRAPH_TEXTS);
  const { formats } = useTimes();
  const blocks = useFoldedBlocks(studio, happened !== null);
  const { exits } = useText(TEXTS);
  const overlay = useMemo(() => {
    if (happened === null) return null;
    const { document } = studio.store.getState();
    // As the graph names it; what is left by `next` is just done.
    const exitName = ({ step, exit }: Visit): string | null =>
      exit === null || exit === NEXT ? exit : exitLook(stepById(document, step), exit, exits).text;
    const textOf = (visit: Visit): string => visitLine({ ...visit, exit: exitName(visit) }, formats.moment);
    const whole = overlayOf(happened, textOf, { tone: "idle", text: notReached, count: 0 });
    return withFolds(whole, happened.folded.visits, blocks, textOf);
  }, [studio, happened, blocks, visitLine, notReached, formats, exits]);
  return { overlay, isOfAnother, error: error ?? readError };
}

const NO_ROW = { workflow_id: "", workflow_execution_id: "", seq: 0 };

/** Returns what happened up to now, on the graph of the version that ran. */
function useHappened(row: ExecutionRow | null): { happened: Happened | null; error: unknown } {
  const api = useApi();
  const { workflow_execution_id: id } = row ?? NO_ROW;
  const item = useQuery({ ...executionQuery(api, row ?? NO_ROW), enabled: row !== null });
  const log = useQuery({ ...logQuery(api, id), enabled: row !== null });
  useNewest(log, row ?? NO_ROW);
  // Until that of another execution has come, there is still that of the one before.
  const details = item.data?.item.workflow_execution_id === id ? item.data.item.workflow_details : undefined;
  const entries = log.data?.entries;
  const happened = useMemo(() => {
    if (row === null || details === undefined || entries === undefined) return null;
    const outline = readOutline(details.workflow_steps, details.workflow_connections);
    const catching = new Set(outline.edges.filter(({ exit }) => exit === ERROR).map(({ from }) => from));
    return { outline, folded: fold(entries, (step) => catching.has(step)) };
  }, [row, details, entries]);
  return { happened, error: item.error ?? log.error };
}

/** The values of the execution that is shown are the sample of the panels. */
function useAsSample({ store }: Studio, row: ExecutionRow | null): void {
  const id = row?.workflow_execution_id ?? null;
  const seq = row?.seq ?? 0;
  const latest = useRef(row);
  latest.current = row;
  useEffect(() => {
    if (id === null || latest.current === null) return undefined;
    const shared = sharedChoice(store);
    shared.setState({ choice: executionChoice(latest.current) });
    return () => {
      if (isChosen(shared.getState().choice, id)) shared.setState({ choice: null });
    };
  }, [store, id]);
  // Its next events are values of the sample too, unless a person has chosen another one.
  useEffect(() => {
    const shared = sharedChoice(store);
    const { choice } = shared.getState();
    if (isChosen(choice, id) && choice.seq !== seq) shared.setState({ choice: { ...choice, seq } });
  }, [store, id, seq]);
}

function isChosen(choice: SampleChoice | null, id: string | null): choice is SampleChoice & { kind: "execution" } {
  return choice?.kind === "execution" && choice.id === id;
}

const NO_BLOCKS: ReadonlyMap<string, ReadonlySet<string>> = new Map();

/** Returns the steps of each folded block; while no execution is shown none, so that edits cost nothing. */
function useFoldedBlocks({ store, screen }: Studio, isShown: boolean): ReadonlyMap<string, ReadonlySet<string>> {
  const folded = useStore(screen, (state) => state.folded);
  const key = useStore(store, ({ document }) => (isShown && folded.size > 0 ? graphKey(document) : null));
  return useMemo(() => {
    if (key === null) return NO_BLOCKS;
    const { document } = store.getState();
    const blocks = [...folded].flatMap((head) => blockOf(document, head) ?? []);
    return new Map(blocks.filter(({ members }) => members.size > 1).map(({ head, members }) => [head, members]));
  }, [store, key, folded]);
}

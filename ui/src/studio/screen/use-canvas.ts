/** Notes and folds of a workflow: beside its versions, kept by the server, merged with those of others by their revision. */

import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Api } from "../../api/client";
import { useApi } from "../../api/context";
import { asCallError } from "../../api/errors";
import { type CanvasInput, type CanvasRecord, canvasQuery } from "../../api/queries/studio/definitions";
import type { StudioFinding } from "../document/store";
import type { KnownWarning } from "../problems/known";
import type { ScreenStore } from "../screen-state";

type Change = (record: CanvasRecord) => Partial<Pick<CanvasRecord, "notes" | "collapsed" | "known">>;

export interface CanvasNotes {
  notes: ReadonlyMap<string, string>;
  known: readonly KnownWarning[];
  setKnown: (finding: StudioFinding, note: string | null) => void;
  setNote: (step: string, text: string) => void;
  setFolded: (step: string, isFolded: boolean) => void;
}

const REPEATS = 3;
const NONE: readonly KnownWarning[] = [];

/** Returns the notes and folds of the workflow, and stores each change of them. */
export function useCanvasRecord(workflowId: string, screen: ScreenStore): CanvasNotes {
  const api = useApi();
  const queries = useQueryClient();
  const { data } = useQuery(canvasQuery(api, workflowId));
  const item = data?.item;
  useFolds(item, screen);
  const notes = useMemo(() => new Map((item?.notes ?? []).map(({ near, text }) => [near, text] as const)), [item]);
  const [acts] = useState(() => actsOf(api, queries, workflowId));
  return { notes, known: item?.known ?? NONE, ...acts };
}

/** The screen begins with the folds of the server; afterwards it is the screen that changes them. */
function useFolds(item: CanvasRecord | undefined, screen: ScreenStore): void {
  const isRead = useRef(false);
  useEffect(() => {
    if (item === undefined || isRead.current) return;
    isRead.current = true;
    if (item.collapsed.length > 0) screen.setState({ folded: new Set(item.collapsed) });
  }, [item, screen]);
}

function actsOf(api: Api, queries: QueryClient, workflowId: string) {
  let running = Promise.resolve();
  const change = (next: Change): void => {
    running = running.then(() => put(api, queries, workflowId, next)).catch(() => undefined);
  };
  return {
    setNote: (step: string, text: string): void =>
      change(({ notes }) => {
        const others = notes.filter(({ near }) => near !== step);
        const known = notes.find(({ near }) => near === step);
        const note = {
          id: known?.id ?? crypto.randomUUID(),
          near: step,
          text,
          color: known?.color ?? ("yellow" as const),
        };
        return { notes: text === "" ? others : [...others, note] };
      }),
    setFolded: (step: string, isFolded: boolean): void =>
      change(({ collapsed }) => {
        const others = collapsed.filter((id) => id !== step);
        return { collapsed: isFolded ? [...others, step] : others };
      }),
    setKnown: ({ step, message }: StudioFinding, note: string | null): void =>
      change(({ known }) => {
        const others = known.filter((each) => each.step !== (step ?? "") || each.message !== message);
        return { known: note === null ? others : [...others, { step: step ?? "", message, note }] };
      }),
  };
}

/** Puts a change over what is there; read again and put again when another author was first. */
async function put(api: Api, queries: QueryClient, workflowId: string, change: Change): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { item } = await queries.fetchQuery({ ...canvasQuery(api, workflowId), staleTime: 0 });
    const { revision, notes, collapsed, known } = item;
    const input: CanvasInput = { workflow_id: workflowId, revision, notes, collapsed, known, ...change(item) };
    try {
      const answer = await api.call("putCanvas", input);
      queries.setQueryData(canvasQuery(api, workflowId).queryKey, answer);
      return;
    } catch (error) {
      if (attempt === REPEATS || asCallError(error).kind !== "conflict") throw error;
    }
  }
}

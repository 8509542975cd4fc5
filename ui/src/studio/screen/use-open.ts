/** Puts an opened version together: its store, what keeps it, and what the browser does for it. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import type { Api } from "../../api/client";
import { useApi } from "../../api/context";
import {
  type OpenVersion,
  readVersion,
  renameInDefinition,
  saveDraft,
  validateDefinition,
} from "../../api/queries/studio/definitions";
import { versionsQuery, WORKFLOWS } from "../../api/queries/workflows/workflows";
import { browserJournals } from "../../editing/keeping/journals";
import { lastAuthor, type Stored } from "../../editing/keeping/kind";
import { BROWSER_TIMERS } from "../../editing/keeping/timers";
import { useFlushes } from "../../editing/keeping/use-flushes";
import { START } from "../../graph/outline";
import { useMay, useSession } from "../../session/session";
import { useSignedOutFlag } from "../../session/signed-out";
import { EXACT } from "../../shared/exact";
import type { Definition } from "../document/definition";
import { type Keeping, keepOpen, type Ports } from "../document/keeping/keep-open";
import { createStudioStore, type StudioStore } from "../document/store";
import type { KnownWarning } from "../problems/known";
import { createScreenStore, type ScreenStore } from "../screen-state";
import type { Studio } from "../studio";
import { useCanvasRecord } from "./use-canvas";

export interface Open extends Studio {
  keeping: Keeping;
  notes: ReadonlyMap<string, string>;
  known: readonly KnownWarning[];
}

/** Returns an open version; it is kept until the screen is left. */
export function useOpen(opened: OpenVersion): Open {
  const api = useApi();
  const flag = useSignedOutFlag();
  const mayEdit = useMay("edit.drafts");
  const { organization, user } = useSession();
  const queries = useQueryClient();
  const onSaved = (): void => forget(queries, api, opened.record.workflow_id);
  const [made] = useState(() =>
    make(api, opened, mayEdit, [organization.id, user.user_id], { onSaved, onSignedOut: () => flag.set(true) }),
  );
  const { store, screen, keeping } = made;
  useEffect(() => keeping.start(), [keeping]);
  useFlushes(keeping.flush);
  const canvas = useCanvasRecord(opened.record.workflow_id, screen);
  const navigate = useNavigate();
  const [outer] = useState<Studio["outer"]>(() => ({
    save: keeping.flush,
    rename: (definition, from, to) => renameInDefinition(api, definition, from, to),
    readClipboard: () => navigator.clipboard.readText(),
    writeClipboard: (text) => navigator.clipboard.writeText(text),
    create: (definition) => createFrom(api, definition),
    open: (workflowId) =>
      void navigate({ to: "/workflows/$workflowId/v/$version", params: { workflowId, version: "1" } }),
    setNote: canvas.setNote,
    setFolded: canvas.setFolded,
    setKnown: canvas.setKnown,
  }));
  const { notes, known } = canvas;
  return useMemo(
    () => ({ store, screen, outer, keeping, notes, known }),
    [store, screen, outer, keeping, notes, known],
  );
}

function make(
  api: Api,
  { record, definition }: OpenVersion,
  mayEdit: boolean,
  owner: readonly string[],
  { onSaved, onSignedOut }: { onSaved: () => void; onSignedOut: () => void },
) {
  const { workflow_id: workflowId, workflow_version: version, workflow_status } = record;
  const isReadOnly = !mayEdit || workflow_status === "ACTIVE";
  const store: StudioStore = createStudioStore({
    workflowId,
    version,
    document: definition,
    isReadOnly,
    now: Date.now,
  });
  const screen: ScreenStore = createScreenStore(START);
  const stored: Stored<Definition> = { document: definition, modifiedOn: record.modified_on, version, by: "" };
  const ports: Ports = {
    server: serverOf(api, workflowId, onSaved),
    journals: browserJournals("workflow", BROWSER_TIMERS),
    timers: BROWSER_TIMERS,
    validate: (document, signal) => validateDefinition(api, document, signal),
    touch: async (here, at) => {
      const tab = TAB;
      return (await api.call("touchPresence", { kind: "workflow", id: workflowId, version: at, tab, ...here })).others;
    },
    onSignedOut,
  };
  const keyOf = (of: Stored<Definition>): string => [...owner, workflowId, of.version].join("/");
  const keeping = keepOpen({ store, keyOf, opened: stored, ports });
  return { store, screen, keeping };
}

/** Distinguishes the tabs of one person. */
const TAB = crypto.randomUUID();

/** What was read of the workflow is old: a draft has changed, and may be new. */
function forget(queries: QueryClient, api: Api, workflowId: string): void {
  void queries.invalidateQueries({ queryKey: WORKFLOWS, refetchType: "none" });
  void queries.invalidateQueries({ queryKey: versionsQuery(api, workflowId).queryKey });
}

function serverOf(api: Api, workflow_id: string, onSaved: () => void): Ports["server"] {
  const versionOf = (record: OpenVersion["record"], definition: Definition): Stored<Definition> => ({
    document: definition,
    modifiedOn: record.modified_on,
    version: record.workflow_version,
    by: lastAuthor(record),
  });
  return {
    save: async (definition, { version, modifiedOn }) => {
      const record = { workflow_id, workflow_version: version, modified_on: modifiedOn };
      const { item } = await saveDraft(api, record, definition);
      onSaved();
      return versionOf(item, definition);
    },
    read: async ({ version }) => {
      const { record, definition } = await readVersion(api, workflow_id, version);
      return versionOf(record, definition);
    },
  };
}

async function createFrom(api: Api, definition: Definition): Promise<string> {
  const { item } = await api.call("createWorkflow", { definition, incomplete: true }, { codec: EXACT });
  return item.workflow_id;
}

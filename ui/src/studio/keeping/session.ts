/** What keeps an open workflow: autosave, journal, findings and presence, started and ended together. */

import { createStore, type StoreApi } from "zustand/vanilla";
import { asCallError } from "../../api/errors";
import { isSameJson } from "../../shared/exact";
import type { Definition } from "../document/definition";
import { type Autosave, autosave, type SaveState, type ServerPort, type Stored } from "../document/keeping/autosave";
import { type Answer, type CheckState, keepChecked } from "../document/keeping/checks";
import { type Journal, type JournalPort, readJournal, unsavedCount } from "../document/keeping/journal";
import { type Journaling, keepJournal } from "../document/keeping/journaling";
import { type Here, keepPresent, type Other } from "../document/keeping/presence";
import type { Timers } from "../document/keeping/timers";
import type { Choice } from "../document/merge/merge";
import type { StudioStore } from "../document/store";

export interface Status {
  save: SaveState;
  check: CheckState;
  others: readonly Other[];
  /** Changes that the browser kept and the server does not have; null once that is decided. */
  recovery: Journal | null;
  /** The last changes of another author that came in; null for none. */
  merged: { by: string; count: number } | null;
  keepsNothing: boolean;
  /** The version that changes are saved in: editing an ACTIVE one makes a draft. */
  version: number;
}

export interface Ports {
  server: ServerPort;
  journals: JournalPort;
  timers: Timers;
  validate: (definition: Definition, signal: AbortSignal) => Promise<Answer>;
  touch: (here: Here, version: number) => Promise<readonly Other[]>;
  /** Called when a call finds that the session has ended. */
  onSignedOut: () => void;
}

export interface Keeping {
  status: StoreApi<Status>;
  /** Begins to keep; returns what ends it. */
  start: () => () => void;
  flush: () => void;
  resolve: (choices: ReadonlyMap<string, Choice>) => void;
  recover: () => void;
  discard: () => void;
}

interface Setup {
  store: StudioStore;
  /** Names the journal. */
  key: string;
  opened: Stored;
  ports: Ports;
}

export function keepOpen(setup: Setup): Keeping {
  const { store, opened, ports } = setup;
  const status = createStore<Status>(() => ({
    save: { kind: "saved", at: opened.modifiedOn },
    check: { kind: "checking" },
    others: [],
    recovery: null,
    merged: null,
    keepsNothing: false,
    version: opened.version,
  }));
  let saver: Autosave | null = null;
  let journaling: Journaling | null = null;
  const { isReadOnly } = store.getState();
  const begin = (from: Stored): void => {
    journaling = journalOf(setup, from, status);
    saver = saverOf(setup, from, status, () => journaling);
  };
  /** Until a person has decided about kept changes nothing is written over them. */
  const ask = (recovery: Journal): void => {
    store.getState().setReadOnly(true);
    status.setState({ recovery });
  };
  const decided = (): Journal | null => {
    const { recovery } = status.getState();
    status.setState({ recovery: null });
    return recovery;
  };
  return {
    status,
    start: () => {
      let isOver = false;
      void kept(setup).then((journal) => {
        if (isOver) return;
        // The page may have ended after the save, and before the journal knew of it.
        const isThere = journal !== null && isSameJson(journal.document, opened.definition);
        if (journal !== null && !isThere && unsavedCount(journal) > 0) {
          ask(journal);
          return;
        }
        // The server has all of it: only the way back is missing.
        const { document, reset } = store.getState();
        if (isThere) reset({ document, log: journal.log });
        begin(opened);
      });
      const ends = [presence(setup, status), checks(setup, status)];
      return () => {
        isOver = true;
        void journaling?.flush();
        void saver?.flush();
        saver?.stop();
        journaling?.stop();
        for (const end of ends) end();
      };
    },
    flush: () => {
      void journaling?.flush();
      void saver?.flush();
    },
    resolve: (choices) => void saver?.resolve(choices),
    recover: () => {
      const journal = decided();
      if (journal === null) return;
      store.getState().setReadOnly(false);
      store.getState().reset(journal);
      // What another author has saved since is merged by the first save.
      begin({ ...opened, definition: journal.saved, modifiedOn: journal.modifiedOn });
    },
    discard: () => {
      if (decided() === null) return;
      store.getState().setReadOnly(isReadOnly);
      void ports.journals.remove(setup.key).catch(() => undefined);
      begin(opened);
    },
  };
}

function checks({ store, ports }: Setup, status: StoreApi<Status>): () => void {
  const { timers, validate } = ports;
  return keepChecked({ store, timers, validate, onState: (check) => status.setState({ check }) });
}

async function kept({ key, ports }: Setup): Promise<Journal | null> {
  try {
    const text = await ports.journals.read(key);
    return text === null ? null : readJournal(text);
  } catch {
    return null;
  }
}

function journalOf({ store, key, ports }: Setup, from: Stored, status: StoreApi<Status>): Journaling {
  return keepJournal({
    key,
    store,
    port: ports.journals,
    timers: ports.timers,
    saved: from.definition,
    modifiedOn: from.modifiedOn,
    savedOn: ports.timers.now(),
    onFailure: () => status.setState({ keepsNothing: true }),
  });
}

function saverOf(
  { store, ports }: Setup,
  from: Stored,
  status: StoreApi<Status>,
  journal: () => Journaling | null,
): Autosave {
  return autosave({
    store,
    server: ports.server,
    timers: ports.timers,
    opened: from,
    asError: asCallError,
    events: {
      onState: (save) => {
        status.setState({ save });
        if (save.kind === "failed" && save.error.kind === "signed-out") ports.onSignedOut();
      },
      onSaved: (stored) => {
        status.setState({ version: stored.version });
        journal()?.saved(stored.definition, stored.modifiedOn);
      },
      onMerged: (by, count) => {
        if (count > 0) status.setState({ merged: { by, count } });
      },
    },
  });
}

function presence({ store, ports }: Setup, status: StoreApi<Status>): () => void {
  return keepPresent({
    timers: ports.timers,
    touch: (here) => ports.touch(here, status.getState().version),
    here: () => ({ is_dirty: status.getState().save.kind !== "saved", step: store.getState().selection?.step ?? "" }),
    onOthers: (others) => status.setState({ others }),
  });
}

/** What keeps an open workflow: autosave, journal, findings and presence, started and ended together. */

import { createStore, type StoreApi } from "zustand/vanilla";
import { asCallError } from "../../../api/errors";
import { isSameJson } from "../../../shared/exact";
import type { Definition } from "../definition";
import type { Choice } from "../merge/merge";
import type { StudioStore } from "../store";
import { type Autosave, autosave, type SaveState, type ServerPort, type Stored } from "./autosave";
import { type Answer, type CheckState, keepChecked } from "./checks";
import { type Journal, type JournalPort, readJournal, unsavedCount } from "./journal";
import { type Journaling, keepJournal } from "./journaling";
import { type Here, keepPresent, type Other } from "./presence";
import type { Timers } from "./timers";

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

/** Keeps an opened version from `start` on. Changes that the browser kept are offered first, in `status.recovery`. */
export function keepOpen(setup: Setup): Keeping {
  const status = createStore<Status>(() => ({
    save: { kind: "saved", at: setup.opened.modifiedOn },
    check: { kind: "checking" },
    others: [],
    recovery: null,
    merged: null,
    keepsNothing: false,
    version: setup.opened.version,
  }));
  const writers = writersOf(setup, status);
  const { offer, recover, discard } = recoveryOf(setup, status, writers);
  const { flush, resolve } = writers;
  return { status, start: () => start(setup, status, writers, offer), flush, resolve, recover, discard };
}

/** Autosave and journal. There are none before `begin`: nothing is written while kept changes wait for a decision. */
interface Writers extends Pick<Keeping, "flush" | "resolve"> {
  /** Begins with what the server has. */
  begin: (from: Stored) => void;
  /** Writes what is left, and ends. */
  stop: () => void;
}

function writersOf(setup: Setup, status: StoreApi<Status>): Writers {
  let saver: Autosave | null = null;
  let journaling: Journaling | null = null;
  const flush = (): void => {
    void journaling?.flush();
    void saver?.flush();
  };
  return {
    begin: (from) => {
      journaling = journalOf(setup, from, status);
      saver = saverOf(setup, from, status, () => journaling);
    },
    flush,
    resolve: (choices) => void saver?.resolve(choices),
    stop: () => {
      flush();
      saver?.stop();
      journaling?.stop();
    },
  };
}

/** Kept changes: until a person has decided about them, the document is read only. */
interface Recovery extends Pick<Keeping, "recover" | "discard"> {
  offer: (journal: Journal) => void;
}

function recoveryOf({ store, key, opened, ports }: Setup, status: StoreApi<Status>, { begin }: Writers): Recovery {
  const { isReadOnly } = store.getState();
  const decided = (): Journal | null => {
    const { recovery } = status.getState();
    status.setState({ recovery: null });
    return recovery;
  };
  return {
    offer: (recovery) => {
      store.getState().setReadOnly(true);
      status.setState({ recovery });
    },
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
      void ports.journals.remove(key).catch(() => undefined);
      begin(opened);
    },
  };
}

/** Begins to write, or offers what the browser kept; returns what ends it. */
function start(setup: Setup, status: StoreApi<Status>, writers: Writers, offer: Recovery["offer"]): () => void {
  const { store, opened } = setup;
  let isOver = false;
  void kept(setup).then((journal) => {
    if (isOver) return;
    // The page may have ended after the save, and before the journal knew of it.
    const isThere = journal !== null && isSameJson(journal.document, opened.definition);
    if (journal !== null && !isThere && unsavedCount(journal) > 0) {
      offer(journal);
      return;
    }
    // The server has all of it: only the way back is missing.
    if (isThere) store.getState().reset({ document: store.getState().document, log: journal.log });
    writers.begin(opened);
  });
  const ends = [presence(setup, status), checks(setup, status)];
  return () => {
    isOver = true;
    writers.stop();
    for (const end of ends) end();
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

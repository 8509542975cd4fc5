/** What keeps an open workflow: it is saved and kept in the browser, checked, and said to others who have it open. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Journals } from "../../../editing/keeping/journals";
import { firstStatus, type Keeping as Keeper, type Kept, keep } from "../../../editing/keeping/keep";
import type { Stored } from "../../../editing/keeping/kind";
import type { ServerPort } from "../../../editing/keeping/saver";
import type { Timers } from "../../../editing/keeping/timers";
import { takeDefinition } from "../commands/json-edit";
import type { Definition } from "../definition";
import type { Address, CommandName } from "../log";
import { type DefinitionConflict, mergeDefinitions } from "../merge/merge";
import type { StudioStore } from "../store";
import { type Answer, type CheckState, keepChecked } from "./checks";
import { type Here, keepPresent, type Other } from "./presence";

export interface WorkflowKind {
  stored: Stored<Definition>;
  name: CommandName;
  focus: Address;
  conflict: DefinitionConflict;
}

export interface Status extends Kept<WorkflowKind> {
  check: CheckState;
  others: readonly Other[];
  /** The version that changes are saved in: editing an ACTIVE one makes a draft. */
  version: number;
}

export interface Ports {
  server: ServerPort<WorkflowKind>;
  journals: Journals;
  timers: Timers;
  validate: (definition: Definition, signal: AbortSignal) => Promise<Answer>;
  touch: (here: Here, version: number) => Promise<readonly Other[]>;
  /** Called when a call finds that the session has ended. */
  onSignedOut: () => void;
}

export interface Keeping extends Keeper {
  status: StoreApi<Status>;
}

interface Setup {
  store: StudioStore;
  /** Names the journal of a version. */
  keyOf: (stored: Stored<Definition>) => string;
  opened: Stored<Definition>;
  ports: Ports;
}

/** Keeps an opened version from `start` on. */
export function keepOpen(setup: Setup): Keeping {
  const { opened } = setup;
  const status = createStore<Status>(() => ({
    ...firstStatus<WorkflowKind>(opened, opened.modifiedOn),
    check: { kind: "checking" },
    others: [],
    version: opened.version,
  }));
  const keeper = keeperOf(setup, status);
  const start = (): (() => void) => {
    const ends = [keeper.start(), presence(setup, status), checks(setup, status)];
    return () => {
      for (const end of ends) end();
    };
  };
  return { ...keeper, status, start };
}

function keeperOf({ store, keyOf, opened, ports }: Setup, status: StoreApi<Status>): Keeper {
  const { isReadOnly } = store.getState();
  return keep<WorkflowKind>({
    document: {
      edited: store.getState,
      follow: (changed) =>
        store.subscribe((state, before) => {
          if (state.document !== before.document || state.log !== before.log) changed();
        }),
      reset: (edited) => store.getState().reset(edited),
      changeOf: (merged, by) => takeDefinition(store.getState().document, merged, "takeOver", by),
      lock: () => store.getState().setReadOnly(true),
      unlock: (isRecovered) => store.getState().setReadOnly(isReadOnly && !isRecovered),
    },
    status: { get: status.getState, set: (change) => status.setState(change) },
    opened,
    keyOf,
    server: ports.server,
    journals: ports.journals,
    timers: ports.timers,
    merge: mergeDefinitions,
    asksBefore: () => false,
    onStored: ({ version }) => status.setState({ version }),
    onSignedOut: ports.onSignedOut,
  });
}

function checks({ store, ports }: Setup, status: StoreApi<Status>): () => void {
  const { timers, validate } = ports;
  return keepChecked({ store, timers, validate, onState: (check) => status.setState({ check }) });
}

function presence({ store, ports }: Setup, status: StoreApi<Status>): () => void {
  return keepPresent({
    timers: ports.timers,
    touch: (here) => ports.touch(here, status.getState().version),
    here: () => ({ is_dirty: status.getState().save.kind !== "saved", step: store.getState().selection?.step ?? "" }),
    onOthers: (others) => status.setState({ others }),
  });
}

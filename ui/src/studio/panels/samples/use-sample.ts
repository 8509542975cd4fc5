/** The sample that is chosen for an open workflow: the same for all of its panels. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import { useApi } from "../../../api/context";
import { documentQuery, environmentQuery } from "../../../api/queries/studio/steps";
import type { JsonObject } from "../../../shared/http";
import type { StudioStore } from "../../document/store";
import { type SampleChoice, sampleDocument } from "./sample-document";
import { useSamples } from "./use-samples";

interface Chosen {
  choice: SampleChoice | null;
  /** Texts that are not JSON yet, by the name of their field. */
  unfinished: Map<string, string>;
}

const chosen = new WeakMap<StudioStore, StoreApi<Chosen>>();

/** Returns what the panels of an open workflow share beside its document. */
export function sharedChoice(store: StudioStore): StoreApi<Chosen> {
  const known = chosen.get(store);
  if (known !== undefined) return known;
  const made = createStore<Chosen>(() => ({ choice: null, unfinished: new Map() }));
  chosen.set(store, made);
  return made;
}

/** Returns the sample that all panels of a document show, and how another one is chosen. */
export function useSampleChoice(store: StudioStore): [SampleChoice | null, (choice: SampleChoice | null) => void] {
  const shared = sharedChoice(store);
  const choice = useStore(shared, (state) => state.choice);
  return [choice, (next) => shared.setState({ choice: next })];
}

export interface SampleData {
  document: JsonObject | null;
  /** Why the data of the chosen execution cannot be read. */
  error: unknown;
  /** Whether a part of it is on its way, so that the document is not what it will be. */
  isReading: boolean;
}

/** Returns the data document of the chosen sample. The same object as long as nothing of it changes. */
export function useSampleData(store: StudioStore): SampleData {
  const [choice] = useSampleChoice(store);
  const { samples, isReading: readsSamples } = useSamples(store.getState().workflowId);
  const { id, seq } = choice?.kind === "execution" ? choice : { id: "", seq: 0 };
  const execution = useQuery({ ...documentQuery(useApi(), id, seq), enabled: id !== "" });
  const profile = useQuery(environmentQuery(useApi(), store.getState().workflowId));
  const { data, error } = execution;
  const { data: environment } = profile;
  const document = useMemo(
    () => sampleDocument(samples, choice, data, environment),
    [samples, choice, data, environment],
  );
  return { document, error, isReading: readsSamples || execution.isLoading || profile.isLoading };
}

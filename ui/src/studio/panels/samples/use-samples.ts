/** The samples of a workflow on the server: named payloads and pinned outputs, saved with the revision that was read. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import {
  type PinnedOutput,
  type SamplePayload,
  type Samples,
  samplesKey,
  samplesQuery,
} from "../../../api/queries/studio/steps";
import { useMay } from "../../../session/session";

export interface SampleActs {
  samples: Samples | null;
  /** Why reading or the last change failed. */
  error: unknown;
  /** Whether they are read for the first time. */
  isReading: boolean;
  isSaving: boolean;
  /** Adds a payload; one of the same name gets a number. */
  addPayload: (payload: SamplePayload) => void;
  removePayload: (name: string) => void;
  pin: (step: string, output: PinnedOutput) => void;
  /** Pins outputs of several steps, as one change. */
  pinAll: (outputs: Readonly<Record<string, PinnedOutput>>) => void;
  unpin: (step: string) => void;
}

type Change = (samples: Samples) => Pick<Samples, "payloads" | "outputs">;

export function useSamples(workflowId: string): SampleActs {
  const api = useApi();
  const queries = useQueryClient();
  // Samples are read by those who may edit; for others there are none.
  const mayEdit = useMay("edit.drafts");
  const { data = null, error, isLoading } = useQuery({ ...samplesQuery(api, workflowId), enabled: mayEdit });
  const saving = useMutation({
    // What others have saved in the meantime is read first, so that it stays.
    mutationFn: async (change: Change) => {
      const read = (await api.call("getSamples", { workflow_id: workflowId })).item;
      const { payloads, outputs } = change(read);
      return await api.call("putSamples", { workflow_id: workflowId, revision: read.revision, payloads, outputs });
    },
    onSuccess: ({ item }) => queries.setQueryData(samplesKey(workflowId), item),
  });
  const { mutate } = saving;
  return {
    samples: data,
    error: saving.error ?? error,
    isReading: isLoading,
    isSaving: saving.isPending,
    addPayload: (payload) =>
      mutate(({ payloads, outputs }) => ({ payloads: [...payloads, withFreeName(payload, payloads)], outputs })),
    removePayload: (name) =>
      mutate(({ payloads, outputs }) => ({ payloads: payloads.filter((each) => each.name !== name), outputs })),
    pin: (step, output) => mutate(({ payloads, outputs }) => ({ payloads, outputs: { ...outputs, [step]: output } })),
    pinAll: (pinned) => mutate(({ payloads, outputs }) => ({ payloads, outputs: { ...outputs, ...pinned } })),
    unpin: (step) => mutate(({ payloads, outputs: { [step]: _, ...outputs } }) => ({ payloads, outputs })),
  };
}

/** Returns a sample under a name that no other has. */
export function withFreeName(payload: SamplePayload, taken: readonly SamplePayload[]): SamplePayload {
  const names = new Set(taken.map(({ name }) => name));
  const name = [payload.name, ...taken.map((_, at) => `${payload.name} ${at + 2}`)].find((each) => !names.has(each));
  return { ...payload, name: name ?? `${payload.name} ${taken.length + 2}` };
}

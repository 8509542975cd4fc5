import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../api/context";
import { asCallError } from "../api/errors";
import { DATASTORES, type Datastore, datastoreQuery } from "../api/queries/data/data";
import { EXACT } from "../shared/exact";

export interface Save {
  save: (value: unknown) => void;
  isBusy: boolean;
  error: unknown;
  /** What another has stored in between; nothing of it was overwritten. */
  theirs: Datastore | null;
  /** Takes what another has stored as the base: the next save replaces it. */
  accept: () => void;
}

/** Stores the document of a datastore at the revision that its author has read. */
export function useSave(stored: Datastore, onDone: () => void): Save {
  const api = useApi();
  const queries = useQueryClient();
  const [base, setBase] = useState(stored.revision);
  const [theirs, setTheirs] = useState<Datastore | null>(null);
  const query = datastoreQuery(api, stored.name);
  const put = useMutation({
    mutationFn: (value: unknown) =>
      api.call("putDatastore", { name: stored.name, value, if_revision: base }, { codec: EXACT }),
    onSuccess: (answer) => {
      setBase(answer.item.revision);
      queries.setQueryData(query.queryKey, answer);
      void queries.invalidateQueries({ queryKey: [...DATASTORES, "list"] });
      onDone();
    },
    onError: async (error) => {
      if (asCallError(error).code !== "CONFLICT") return;
      setTheirs((await queries.fetchQuery({ ...query, staleTime: 0 })).item);
    },
  });
  return {
    save: put.mutate,
    isBusy: put.isPending,
    error: theirs === null ? put.error : null,
    theirs,
    accept: () => {
      if (theirs !== null) setBase(theirs.revision);
      setTheirs(null);
      put.reset();
    },
  };
}

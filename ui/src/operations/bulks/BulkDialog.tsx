/** One repair of many executions: what would happen is shown first, and its button says what will. */

import { Field, Input, Select, Spinner } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type BulkFilter, OPERATIONS } from "../../api/queries/operations";
import { Confirm } from "../../kit/Confirm";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Bulks.module.css";
import { Preview } from "./Preview";
import { ACTS, type Act, effectOf, FASTEST, lengthOf, sendPlan, USUAL_RATE } from "./plan";

interface BulkDialogProps {
  filter: BulkFilter;
  title: string;
  onClose: () => void;
}

export function BulkDialog({ filter, title, onClose }: BulkDialogProps) {
  const { bulk: text, codes } = useText(TEXTS);
  const [act, setAct] = useState<Act>("retry");
  const [rate, setRate] = useState(USUAL_RATE);
  const [reason, setReason] = useState("");
  const preview = usePreview(filter, act);
  const start = useStart(onClose);
  const { data } = preview;
  const count = data?.count ?? 0;
  const isKnown = data !== undefined && !preview.isFetching && count > 0;
  return (
    <Confirm
      title={title}
      verb={text.verb(act, count, data?.truncated === true, effectOf(data))}
      isDangerous={act === "terminate" || effectOf(data).doubled > 0}
      isBusy={!isKnown || start.isPending}
      error={start.error}
      words={codes}
      onConfirm={() => isKnown && start.mutate({ act, filter, rate, reason })}
      onClose={onClose}
    >
      <Field label={text.act}>
        <Select value={act} onChange={(_, { value }) => setAct(value as Act)}>
          {ACTS.map((each) => (
            <option key={each} value={each}>
              {text.acts[each]}
            </option>
          ))}
        </Select>
      </Field>
      <section className={styles.preview} aria-label={text.preview} aria-live="polite">
        {preview.isFetching && <Spinner size="tiny" label={text.working} labelPosition="after" />}
        {preview.error !== null && !preview.isFetching && (
          <Problem error={preview.error} words={codes} shape="bar" onRetry={() => void preview.refetch()} />
        )}
        {data !== undefined && !preview.isFetching && <Preview answer={data} act={act} />}
      </section>
      <Field label={text.rate} hint={text.takes(lengthOf(count, rate))}>
        <Input
          type="number"
          min={1}
          max={FASTEST}
          value={String(rate)}
          onChange={(_, { value }) => setRate(Math.min(FASTEST, Math.max(1, Math.round(Number(value)) || 1)))}
        />
      </Field>
      <Field label={text.reason}>
        <Input value={reason} maxLength={2000} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Confirm>
  );
}

/** Asks what a bulk would do; nothing is stored. */
function usePreview(filter: BulkFilter, act: Act) {
  const api = useApi();
  return useQuery({
    queryKey: [...OPERATIONS, "preview", act, filter],
    queryFn: ({ signal }) =>
      sendPlan((id, input) => api.call(id, input, { signal }), { act, filter, rate: USUAL_RATE, reason: "" }, true),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/** Starts a bulk, and leads to its progress. */
function useStart(onStarted: () => void) {
  const api = useApi();
  const navigate = useNavigate();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (plan: Parameters<typeof sendPlan>[1]) => sendPlan(api.call, plan, false),
    onSuccess: async ({ item }) => {
      void queries.invalidateQueries({ queryKey: OPERATIONS });
      onStarted();
      if (item !== undefined) await navigate({ to: "/operations/bulks/$bulkId", params: { bulkId: item.bulk_id } });
    },
  });
}

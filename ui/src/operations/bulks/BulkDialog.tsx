/** One repair of many executions: what would happen is shown first, and its button says what will. */

import { Field, Input, Select, Spinner } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { OPERATIONS } from "../../api/queries/operations/operations";
import { Confirm } from "../../kit/Confirm";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Bulks.module.css";
import { SelectionWords } from "./FilterWords";
import { Mappings } from "./Mappings";
import { Preview } from "./Preview";
import { ACTS, actsOf, type Choice, effectOf, type Selection, sendPlan, USUAL_RATE } from "./plan";
import { Rate } from "./Rate";

interface BulkDialogProps {
  selection: Selection;
  title: string;
  onClose: () => void;
  /** Whether the page of the bulk takes the place of this one in the history of the browser. */
  isPassing?: boolean;
}

export function BulkDialog({ selection, title, onClose, isPassing = false }: BulkDialogProps) {
  const { bulk: text, codes } = useText(TEXTS);
  const [choice, setChoice] = useState<Choice>({ act: "retry", branch: "", mapping: {} });
  const [branch, setBranch] = useState("");
  const [rate, setRate] = useState(USUAL_RATE);
  const [reason, setReason] = useState("");
  const preview = usePreview(selection, choice);
  const start = useStart(isPassing ? null : onClose);
  const { data } = preview;
  const { act } = choice;
  const count = data?.count ?? 0;
  const isShown = data !== undefined && !preview.isFetching;
  // An exit that is typed still has no preview.
  const isKnown = isShown && count > 0 && (act !== "skip" || branch.trim() === choice.branch);
  const settleBranch = (): void => setChoice({ ...choice, branch: branch.trim() });
  return (
    <Confirm
      title={title}
      verb={text.verb(act, count, data?.truncated === true, effectOf(data))}
      isDangerous={act === "terminate" || effectOf(data).doubled > 0}
      isBusy={!isKnown || start.isPending}
      error={start.error}
      words={codes}
      onConfirm={() => (isKnown ? start.mutate({ ...choice, selection, rate, reason }) : settleBranch())}
      onClose={onClose}
    >
      <p className={styles.quiet}>
        <SelectionWords selection={selection} />
      </p>
      <Field label={text.act}>
        <Select
          value={act}
          onChange={(_, { value }) => setChoice({ ...choice, act: ACTS.find((each) => each === value) ?? act })}
        >
          {actsOf(selection).map((each) => (
            <option key={each} value={each}>
              {text.acts[each]}
            </option>
          ))}
        </Select>
      </Field>
      {act === "skip" && (
        <Field label={text.branch} hint={text.branchHint}>
          <Input value={branch} maxLength={200} onChange={(_, { value }) => setBranch(value)} onBlur={settleBranch} />
        </Field>
      )}
      <section className={styles.preview} aria-label={text.preview} aria-live="polite">
        {preview.isFetching && <Spinner size="tiny" label={text.working} labelPosition="after" />}
        {preview.error !== null && !preview.isFetching && (
          <Problem error={preview.error} words={codes} shape="bar" onRetry={() => void preview.refetch()} />
        )}
        {isShown && <Preview answer={data} act={act} />}
      </section>
      {act === "latest" && (
        <Mappings
          needed={data?.forecast?.mappings ?? []}
          mapping={choice.mapping}
          onMapping={(mapping) => setChoice({ ...choice, mapping })}
        />
      )}
      <Rate count={count} rate={rate} onRate={setRate} />
      <Field label={text.reason}>
        <Input value={reason} maxLength={2000} onChange={(_, { value }) => setReason(value)} />
      </Field>
    </Confirm>
  );
}

/** Asks what a bulk would do; nothing is stored. */
function usePreview(selection: Selection, choice: Choice) {
  const api = useApi();
  return useQuery({
    queryKey: ["bulk preview", choice, selection],
    queryFn: ({ signal }) =>
      sendPlan(
        (id, input) => api.call(id, input, { signal }),
        { ...choice, selection, rate: USUAL_RATE, reason: "" },
        true,
      ),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/** Starts a bulk, and leads to its progress; without `onStarted` in the place of this entry of the history. */
function useStart(onStarted: (() => void) | null) {
  const api = useApi();
  const navigate = useNavigate();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (plan: Parameters<typeof sendPlan>[1]) => sendPlan(api.call, plan, false),
    onSuccess: async ({ item }) => {
      void queries.invalidateQueries({ queryKey: OPERATIONS });
      onStarted?.();
      if (item === undefined) return;
      const params = { bulkId: item.bulk_id };
      await navigate({ to: "/operations/bulks/$bulkId", params, replace: onStarted === null });
    },
  });
}

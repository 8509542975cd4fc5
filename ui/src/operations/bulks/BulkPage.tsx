/** One bulk: how far it is, what it refused and why, and how to stop it. */

import { Button } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { useApi } from "../../api/context";
import { type Bulk, bulkItemsQuery, bulkQuery, OPERATIONS } from "../../api/queries/operations/operations";
import type { AnswerOf } from "../../api/types";
import { Answer } from "../../kit/Answer";
import { Chip } from "../../kit/Chip";
import { Confirm } from "../../kit/Confirm";
import { type Column, DataTable } from "../../kit/DataTable";
import { Section } from "../../kit/Page";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import { TEXTS } from "../text";
import { BulkDialog } from "./BulkDialog";
import styles from "./Bulks.module.css";
import { BulkWords } from "./FilterWords";
import { Progress } from "./Progress";
import { againOf } from "./plan";
import { BULK_TONES } from "./tones";

export function BulkPage() {
  const { bulkId } = useParams({ from: "/shell/operations/bulks/$bulkId" });
  const { codes } = useText(TEXTS);
  const query = useQuery(bulkQuery(useApi(), bulkId));
  useEndOf(query.data?.item);
  return (
    <Answer query={query} words={codes}>
      {({ item }) => item !== undefined && <Whole bulk={item} />}
    </Answer>
  );
}

/** Causes are read again when a bulk ends. */
function useEndOf(bulk: Bulk | undefined): void {
  const queries = useQueryClient();
  const isOver = bulk !== undefined && bulk.status !== "RUNNING";
  useEffect(() => {
    if (isOver) void queries.invalidateQueries({ queryKey: [...OPERATIONS, "causes"] });
  }, [isOver, queries]);
}

function Whole({ bulk }: { bulk: Bulk }) {
  const { bulks: text } = useText(TEXTS);
  return (
    <>
      <Link to="/operations/bulks">{text.toAll}</Link>
      <Section title={text.actions[bulk.action]} action={<Acts bulk={bulk} />}>
        <Progress bulk={bulk} />
        <dl className={styles.details}>
          <Fact name={text.status}>
            <Chip tone={BULK_TONES[bulk.status]}>{text.states[bulk.status]}</Chip>
          </Fact>
          <Fact name={text.which}>
            <BulkWords bulk={bulk} />
          </Fact>
          {bulk.workflow_version !== null && <Fact name={text.onVersion}>{bulk.workflow_version}</Fact>}
          {Object.keys(bulk.mapping).length > 0 && (
            <Fact name={text.mapping}>
              {Object.entries(bulk.mapping)
                .map(([before, after]) => `${before} → ${after}`)
                .join(", ")}
            </Fact>
          )}
          {bulk.state !== null && <Fact name={text.step}>{bulk.state}</Fact>}
          {bulk.branch !== null && <Fact name={text.branch}>{bulk.branch}</Fact>}
          {bulk.reason !== "" && <Fact name={text.reason}>{bulk.reason}</Fact>}
          <Fact name={text.by}>{bulk.created_by_name ?? bulk.created_by ?? ""}</Fact>
          <Fact name={text.started}>
            <Time at={bulk.created_on} />
          </Fact>
          {bulk.ended_on !== null && (
            <Fact name={text.ended}>
              <Time at={bulk.ended_on} />
            </Fact>
          )}
        </dl>
      </Section>
      {bulk.refused > 0 && <Refused bulk={bulk} />}
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Acts({ bulk }: { bulk: Bulk }) {
  const { bulks: text } = useText(TEXTS);
  const mayRepair = useMay("repair");
  const [open, setOpen] = useState<"cancel" | "again" | null>(null);
  if (!mayRepair) return null;
  const close = (): void => setOpen(null);
  // Executions that were named one by one do not match again; those that refused can be selected below.
  const isOfFilter = bulk.executions === null;
  return (
    <>
      {bulk.status === "RUNNING" && <Button onClick={() => setOpen("cancel")}>{text.cancel}</Button>}
      {bulk.status !== "RUNNING" && isOfFilter && <Button onClick={() => setOpen("again")}>{text.again}</Button>}
      {open === "cancel" && <CancelDialog bulkId={bulk.bulk_id} onClose={close} />}
      {open === "again" && <BulkDialog selection={againOf(bulk)} title={text.againTitle} onClose={close} />}
    </>
  );
}

function CancelDialog({ bulkId, onClose }: { bulkId: string; onClose: () => void }) {
  const { bulks: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => api.call("cancelBulk", { bulk_id: bulkId }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: OPERATIONS });
      onClose();
    },
  });
  return (
    <Confirm
      title={text.cancelTitle}
      verb={text.cancel}
      isDangerous
      isBusy={cancel.isPending}
      error={cancel.error}
      words={codes}
      onConfirm={() => cancel.mutate()}
      onClose={onClose}
    >
      <p>{text.cancelHint}</p>
    </Confirm>
  );
}

type Item = AnswerOf<"getBulkItems">["items"][number];

function Refused({ bulk }: { bulk: Bulk }) {
  const { bulks: text } = useText(TEXTS);
  const query = useQuery(bulkItemsQuery(useApi(), bulk.bulk_id, bulk.refused));
  const columns: Column<Item>[] = [
    {
      id: "process",
      head: text.processId,
      cell: ({ workflow_execution_id, process_id }) => (
        <Link to="/executions/$executionId" params={{ executionId: workflow_execution_id }} preload={false}>
          {process_id || workflow_execution_id}
        </Link>
      ),
    },
    { id: "code", head: text.code, cell: ({ code }) => <code>{code}</code> },
    { id: "why", head: text.why, cell: ({ message }) => message },
  ];
  return (
    <Section
      title={text.refusedTitle}
      hint={text.refusedHint}
      action={<SelectRefused items={query.data?.items ?? []} />}
    >
      <Answer query={query}>
        {({ items, truncated }) => (
          <>
            <DataTable
              label={text.refusedTitle}
              columns={columns}
              rows={items}
              keyOf={({ workflow_execution_id }) => workflow_execution_id}
            />
            {truncated === true && <p>{text.moreRefused}</p>}
          </>
        )}
      </Answer>
    </Section>
  );
}

/** Begins another bulk of the executions that refused. */
function SelectRefused({ items }: { items: readonly Item[] }) {
  const { bulks: text } = useText(TEXTS);
  const mayRepair = useMay("repair");
  const [ids, setIds] = useState<readonly string[] | null>(null);
  if (!mayRepair || items.length === 0) return null;
  return (
    <>
      <Button onClick={() => setIds(items.map(({ workflow_execution_id }) => workflow_execution_id))}>
        {text.selectRefused(items.length)}
      </Button>
      {ids !== null && (
        <BulkDialog selection={{ ids }} title={text.selectedTitle(ids.length)} onClose={() => setIds(null)} />
      )}
    </>
  );
}

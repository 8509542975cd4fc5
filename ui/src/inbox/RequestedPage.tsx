import { Button } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useApi } from "../api/context";
import { myRequestsQuery } from "../api/queries/inbox/inbox";
import type { Schema } from "../api/types";
import { Chip, Tag, type Tone } from "../kit/Chip";
import { type Column, DataTable } from "../kit/DataTable";
import { Page } from "../kit/Page";
import { Pages } from "../kit/Pages";
import { Empty } from "../kit/states/Empty";
import { useText } from "../text/language";
import { Time } from "../text/time";
import { InboxTabs } from "./InboxTabs";
import { shortAddress } from "./list/row";
import { TEXTS } from "./text";

type Request = Schema<"MyRequestRecord">;

const TONES: Readonly<Record<NonNullable<Request["status"]>, Tone>> = {
  APPROVED: "done",
  CANCELLED: "skipped",
  FROZEN: "failed",
  OPEN: "waiting",
  REJECTED: "failed",
  TIMED_OUT: "skipped",
};

/** What has ended by a decision has its reason in the status. */
const OPEN: readonly Request["status"][] = ["OPEN", "FROZEN"];

const RequestReason = lazy(async () => ({ default: (await import("./RequestReason")).RequestReason }));

/** What the reader has asked others to decide, and how far it is. */
export function RequestedPage() {
  const text = useText(TEXTS);
  const query = useInfiniteQuery(myRequestsQuery(useApi()));
  const columns = useColumns();
  return (
    <Page title={text.title} tabs={<InboxTabs />}>
      <Pages query={query} empty={<Empty icon="mail" title={text.requested.empty} />}>
        {(items) => (
          <DataTable
            label={text.requested.label}
            columns={columns}
            rows={items}
            keyOf={({ workflow_execution_id }) => workflow_execution_id}
          />
        )}
      </Pages>
    </Page>
  );
}

function useColumns(): Column<Request>[] {
  const { requested: text, progress } = useText(TEXTS);
  return [
    { id: "subject", head: text.request, cell: ({ subject, workflow_name }) => subject || workflow_name },
    {
      id: "status",
      head: text.status,
      cell: ({ status, progress: now, workflow_execution_id: id, subject, workflow_name }) => (
        <>
          {status !== null && <Chip tone={TONES[status]}>{text.statuses(status)}</Chip>}{" "}
          {now !== null && now.needed > 1 && <Tag>{progress(now.done, now.needed)}</Tag>}
          {OPEN.includes(status) && <Why executionId={id} subject={subject || workflow_name} />}
        </>
      ),
    },
    { id: "waiting", head: text.waiting, cell: ({ waiting_for }) => waiting_for.map(shortAddress).join(", ") },
    { id: "due", head: text.due, cell: ({ due_on }) => due_on !== null && <Time at={due_on} /> },
    { id: "created", head: text.created, cell: ({ created_on }) => <Time at={created_on} /> },
  ];
}

function Why({ executionId, subject }: { executionId: string; subject: string }) {
  const { requested: text } = useText(TEXTS);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        appearance="transparent"
        size="small"
        aria-expanded={isOpen}
        aria-label={`${text.why} ${subject}`}
        onClick={() => setIsOpen(!isOpen)}
      >
        {text.why}
      </Button>
      {isOpen && (
        <Suspense>
          <RequestReason executionId={executionId} />
        </Suspense>
      )}
    </>
  );
}

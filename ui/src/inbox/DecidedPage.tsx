import { useInfiniteQuery } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { myDecisionsQuery } from "../api/queries/inbox/inbox";
import type { Schema } from "../api/types";
import { Chip, Tag } from "../kit/Chip";
import { type Column, DataTable } from "../kit/DataTable";
import { Page } from "../kit/Page";
import { Pages } from "../kit/Pages";
import { Empty } from "../kit/states/Empty";
import { useText } from "../text/language";
import { Time } from "../text/time";
import { decisionOf } from "./deciding/decide";
import { InboxTabs } from "./InboxTabs";
import { shortAddress } from "./list/row";
import { TEXTS } from "./text";

type Decision = Schema<"MyDecisionItem">;

/** What the reader has decided, newest first. */
export function DecidedPage() {
  const text = useText(TEXTS);
  const query = useInfiniteQuery(myDecisionsQuery(useApi()));
  const columns = useColumns();
  return (
    <Page title={text.title} tabs={<InboxTabs />}>
      <Pages query={query} empty={<Empty icon="done" title={text.decided.empty} />}>
        {(items) => (
          <DataTable
            label={text.decided.label}
            columns={columns}
            rows={items}
            keyOf={({ decision_id }) => decision_id}
          />
        )}
      </Pages>
    </Page>
  );
}

function useColumns(): Column<Decision>[] {
  const { decided: text } = useText(TEXTS);
  return [
    {
      id: "subject",
      head: text.request,
      cell: ({ subject, workflow_name }) => subject ?? workflow_name ?? text.pruned,
    },
    {
      id: "decision",
      head: text.decision,
      cell: ({ action, substitute_for: other }) => (
        <>
          <Decided outcome={decisionOf(action)} action={action} />{" "}
          {other && <Tag>{text.forOther(shortAddress(other))}</Tag>}
        </>
      ),
    },
    { id: "comment", head: text.comment, cell: ({ comment }) => comment, isCut: true },
    { id: "at", head: text.at, cell: ({ at }) => <Time at={at} /> },
  ];
}

function Decided({ outcome, action }: { outcome: ReturnType<typeof decisionOf>; action: string }) {
  const { decided: text } = useText(TEXTS);
  const isRejected = outcome === "rejected";
  return (
    <Chip tone={isRejected ? "failed" : "done"} icon={isRejected ? "close" : "done"}>
      {outcome === null ? action : text.outcomes[outcome]}
    </Chip>
  );
}

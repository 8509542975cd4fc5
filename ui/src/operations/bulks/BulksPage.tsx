/** The bulks of the organization, newest first. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { type Bulk, bulksQuery } from "../../api/queries/operations/operations";
import { Chip } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { Pages } from "../../kit/Pages";
import { Empty } from "../../kit/states/Empty";
import { useMay } from "../../session/session";
import { useChosen } from "../../shell/handover";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import { TEXTS } from "../text";
import { BulkDialog } from "./BulkDialog";
import { BulkWords } from "./FilterWords";
import { Progress } from "./Progress";
import { BULK_TONES } from "./tones";

export function BulksPage() {
  const { bulks: text } = useText(TEXTS);
  const query = useInfiniteQuery(bulksQuery(useApi()));
  const columns = useColumns();
  return (
    <>
      <OfChosen />
      <Pages
        query={query}
        empty={
          <Empty icon="repeat" title={text.empty}>
            {text.emptyHint}
          </Empty>
        }
      >
        {(items) => (
          <DataTable label={text.label} columns={columns} rows={items} keyOf={({ bulk_id }: Bulk) => bulk_id} />
        )}
      </Pages>
    </>
  );
}

/** The bulk of the executions that were chosen on the screen before, to which it leads back. */
function OfChosen() {
  const { bulks: text } = useText(TEXTS);
  const router = useRouter();
  const ids = useChosen();
  const mayRepair = useMay("repair");
  if (ids.length === 0 || !mayRepair) return null;
  return (
    <BulkDialog
      selection={{ ids }}
      title={text.selectedTitle(ids.length)}
      onClose={() => router.history.back()}
      isPassing
    />
  );
}

function useColumns(): Column<Bulk>[] {
  const { bulks: text } = useText(TEXTS);
  return [
    {
      id: "action",
      head: text.action,
      cell: ({ bulk_id, action }) => (
        <Link
          to="/operations/bulks/$bulkId"
          params={{ bulkId: bulk_id }}
          aria-label={text.openOf(text.actions[action])}
        >
          {text.actions[action]}
        </Link>
      ),
    },
    { id: "which", head: text.which, cell: (bulk) => <BulkWords bulk={bulk} /> },
    {
      id: "status",
      head: text.status,
      cell: ({ status }) => <Chip tone={BULK_TONES[status]}>{text.states[status]}</Chip>,
    },
    { id: "progress", head: text.progressHead, cell: (bulk) => <Progress bulk={bulk} /> },
    { id: "by", head: text.by, cell: ({ created_by_name, created_by }) => created_by_name ?? created_by ?? "" },
    { id: "started", head: text.started, cell: ({ created_on }) => <Time at={created_on} /> },
  ];
}

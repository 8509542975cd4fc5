/** The versions of a card: who made each, what it changed, and the way to it. */

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { type CardOverview, type CardVersionRow, cardVersionsQuery } from "../../api/queries/cards/list";
import { Chip } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { Pages } from "../../kit/Pages";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Time } from "../../text/time";
import { TEXTS } from "./text";

export function VersionsDialog({ card, onClose }: { card: CardOverview; onClose: () => void }) {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const query = useInfiniteQuery(cardVersionsQuery(useApi(), card.card_id));
  const columns = useColumns(card.card_id);
  const title = text.versionsOf(card.card_name);
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent>
            <Pages query={query} empty={null}>
              {(rows) => (
                <DataTable label={title} columns={columns} rows={rows} keyOf={({ version }) => String(version)} />
              )}
            </Pages>
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>{shared.close}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function useColumns(cardId: string): Column<CardVersionRow>[] {
  const text = useText(TEXTS);
  return [
    {
      id: "version",
      head: text.version,
      cell: ({ version }) => (
        <Link to="/cards/$cardId/v/$version" params={{ cardId, version: String(version) }} preload={false}>
          {text.versionNumber(version)}
        </Link>
      ),
    },
    {
      id: "status",
      head: text.status,
      cell: ({ status }) => <Chip tone={status === "ACTIVE" ? "done" : "skipped"}>{text.states[status]}</Chip>,
    },
    {
      id: "by",
      head: text.modified,
      cell: ({ on, by_name }) => (
        <span>
          <Time at={on} /> {by_name}
        </span>
      ),
    },
    {
      id: "changes",
      head: text.changes,
      isRight: true,
      cell: ({ change_count: count }) => count !== null && text.changeCount(count),
    },
  ];
}

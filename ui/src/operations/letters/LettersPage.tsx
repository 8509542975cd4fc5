/** Dead letters: answers that arrived and that no wait could use. */

import { Button, Switch } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { type Letter, lettersQuery } from "../../api/queries/operations/operations";
import { Chip } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { useLive } from "../../kit/live";
import { Pages } from "../../kit/Pages";
import { Empty } from "../../kit/states/Empty";
import { Guarded } from "../../session/Guarded";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import styles from "../operations.module.css";
import { TEXTS } from "../text";
import { LetterDialog } from "./LetterDialog";

export function LettersPage() {
  return (
    <Guarded permission="read.payloads">
      <Letters />
    </Guarded>
  );
}

function Letters() {
  const { letters: text } = useText(TEXTS);
  const navigate = useNavigate();
  const { all = false, letter } = useSearch({ from: "/shell/operations/letters" });
  const query = useInfiniteQuery(lettersQuery(useApi(), !all));
  useLive(query.refetch);
  const show = (next: { all?: boolean; letter?: string }): void =>
    void navigate({ to: "/operations/letters", search: next, replace: true });
  const kept = all ? { all } : {};
  const columns = useColumns((chosen) => show({ ...kept, letter: chosen.letter_id }));
  return (
    <>
      <div className={styles.tools}>
        <p>{text.hint}</p>
        <Switch checked={all} label={text.showAll} onChange={(_, { checked }) => show(checked ? { all: true } : {})} />
      </div>
      <Pages
        query={query}
        empty={
          <Empty icon="done" title={all ? text.emptyAll : text.empty}>
            {text.emptyHint}
          </Empty>
        }
      >
        {(items) => (
          <DataTable
            label={text.label}
            columns={columns}
            rows={items}
            keyOf={({ letter_id }: Letter) => letter_id}
            isDimmed={({ action }) => action !== null}
          />
        )}
      </Pages>
      {letter !== undefined && <LetterDialog letterId={letter} onClose={() => show(kept)} />}
    </>
  );
}

function useColumns(onOpen: (letter: Letter) => void): Column<Letter>[] {
  const { letters: text } = useText(TEXTS);
  return [
    {
      id: "process",
      head: text.processId,
      cell: ({ workflow_execution_id, process_id }) => (
        <Link to="/executions/$executionId" params={{ executionId: workflow_execution_id }} preload={false}>
          {process_id}
        </Link>
      ),
    },
    { id: "reason", head: text.reason, cell: ({ reason }) => text.reasons[reason] },
    { id: "source", head: text.source, cell: ({ source }) => source },
    { id: "by", head: text.by, cell: ({ by_name, by }) => by_name ?? by ?? "" },
    { id: "kept", head: text.keptOn, cell: ({ kept_on }) => <Time at={kept_on} /> },
    {
      id: "state",
      head: text.state,
      cell: ({ action }) =>
        action === null ? (
          <Chip tone="retry">{text.open}</Chip>
        ) : (
          <Chip tone={action === "APPLIED" ? "done" : "skipped"}>{text.settled[action]}</Chip>
        ),
    },
    {
      id: "act",
      head: "",
      isRight: true,
      cell: (letter) => (
        <Button size="small" aria-label={text.readOf(letter.process_id)} onClick={() => onOpen(letter)}>
          {text.read}
        </Button>
      ),
    },
  ];
}

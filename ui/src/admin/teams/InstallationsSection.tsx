/** Installations of the app for many people: how far each is, whom it was refused for, and how to stop it. */

import { Button } from "@fluentui/react-components";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useApi } from "../../api/context";
import {
  type Installation,
  TEAMS_INSTALLATIONS,
  TEAMS_PEOPLE,
  teamsInstallationsQuery,
  teamsRefusalsQuery,
} from "../../api/queries/admin/teams";
import type { Schema } from "../../api/types";
import { Answer } from "../../kit/Answer";
import { Chip, type Tone } from "../../kit/Chip";
import { Confirm } from "../../kit/Confirm";
import { type Column, DataTable } from "../../kit/DataTable";
import { Section } from "../../kit/Page";
import { Pages } from "../../kit/Pages";
import { Empty } from "../../kit/states/Empty";
import { useText } from "../../text/language";
import { Time, useTimes } from "../../text/time";
import styles from "../admin.module.css";
import { TEXTS } from "../text";
import own from "./teams.module.css";

const TONES: Readonly<Record<Installation["status"], Tone>> = {
  RUNNING: "running",
  DONE: "done",
  CANCELLED: "skipped",
};

export function InstallationsSection() {
  const { teams: text } = useText(TEXTS);
  const query = useInfiniteQuery(teamsInstallationsQuery(useApi()));
  const [opened, setOpened] = useState("");
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const shown = items.find(({ installation_id }) => installation_id === opened);
  const columns = useColumns(opened, setOpened);
  usePeopleReadAgain(items);
  return (
    <Section title={text.installations} hint={text.installationsHint}>
      <Pages query={query} empty={<Empty icon="person" title={text.noInstallations} />}>
        {(rows) => (
          <DataTable
            label={text.installations}
            columns={columns}
            rows={rows}
            keyOf={({ installation_id }) => installation_id}
            isPlain
          />
        )}
      </Pages>
      {shown !== undefined && <Refusals installation={shown} />}
    </Section>
  );
}

/** The health of people is read again as an installation proceeds, and once after the last one has ended. */
function usePeopleReadAgain(items: readonly Installation[]): void {
  const queries = useQueryClient();
  const acted = items.reduce((sum, { installed, refused }) => sum + installed + refused, 0);
  // Not a count of 0, which an installation has as well that has only begun.
  const before = useRef<number | undefined>(undefined);
  const isRunning = items.some(({ status }) => status === "RUNNING");
  useEffect(() => {
    if (isRunning || before.current !== undefined) void queries.invalidateQueries({ queryKey: [TEAMS_PEOPLE] });
    before.current = isRunning ? acted : undefined;
  }, [acted, isRunning, queries]);
}

/** `opened` is the installation whose refusals are shown; `onOpen` takes another one, or none. */
function useColumns(opened: string, onOpen: (installationId: string) => void): Column<Installation>[] {
  const { teams: text } = useText(TEXTS);
  const { formats } = useTimes();
  const runOf = ({ name, created_on }: Installation): string => text.runOf(name, formats.instant(created_on));
  return [
    { id: "started", head: text.started, cell: ({ created_on }) => <Time at={created_on} /> },
    { id: "connection", head: text.connection, cell: ({ name }) => name },
    {
      id: "status",
      head: text.status,
      cell: ({ status }) => <Chip tone={TONES[status]}>{text.runs[status]}</Chip>,
    },
    { id: "progress", head: text.progress, cell: (item) => <Progress installation={item} /> },
    { id: "by", head: text.by, cell: ({ created_by_name, created_by }) => created_by_name ?? created_by ?? "" },
    {
      id: "acts",
      head: "",
      isRight: true,
      cell: (item) => (
        <div className={styles.acts}>
          {item.refused > 0 && (
            <Button
              size="small"
              aria-label={text.whyRefusedOf(runOf(item))}
              aria-expanded={opened === item.installation_id}
              onClick={() => onOpen(opened === item.installation_id ? "" : item.installation_id)}
            >
              {text.whyRefused}
            </Button>
          )}
          {item.status === "RUNNING" && <CancelButton installationId={item.installation_id} run={runOf(item)} />}
        </div>
      ),
    },
  ];
}

function Progress({ installation: { installed, refused, people } }: { installation: Installation }) {
  const { teams: text } = useText(TEXTS);
  const line = text.progressOf(installed, people);
  return (
    <div className={styles.person}>
      <progress aria-label={text.progress} aria-valuetext={line} max={people} value={installed + refused} />
      <span>
        {line}
        {refused > 0 && <span className={own.refused}>{`, ${text.refusedFor(refused)}`}</span>}
      </span>
    </div>
  );
}

function CancelButton({ installationId, run }: { installationId: string; run: string }) {
  const { teams: text } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const close = (): void => setIsOpen(false);
  const cancel = useMutation({
    mutationFn: () => api.call("cancelTeamsInstallation", { installation_id: installationId }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [TEAMS_INSTALLATIONS] });
      close();
    },
  });
  return (
    <>
      <Button size="small" aria-label={text.cancelRunOf(run)} onClick={() => setIsOpen(true)}>
        {text.cancelRun}
      </Button>
      {isOpen && (
        <Confirm
          title={text.cancelRunTitle}
          verb={text.cancelRun}
          isDangerous
          isBusy={cancel.isPending}
          error={cancel.error}
          onConfirm={() => cancel.mutate()}
          onClose={close}
        >
          <p>{text.cancelRunHint}</p>
        </Confirm>
      )}
    </>
  );
}

function Refusals({ installation }: { installation: Installation }) {
  const { teams: text } = useText(TEXTS);
  const query = useQuery(teamsRefusalsQuery(useApi(), installation));
  const columns: Column<Schema<"TeamsRefusal">>[] = [
    { id: "person", head: text.person, cell: ({ name, person }) => name ?? person },
    { id: "code", head: text.code, cell: ({ code }) => <code className={styles.mono}>{code}</code> },
    { id: "reason", head: text.reason, cell: ({ code, message }) => text.refusalOf(code, message) },
  ];
  return (
    <Answer query={query}>
      {(rows) => <DataTable label={text.refusals} columns={columns} rows={rows} keyOf={({ person }) => person} />}
    </Answer>
  );
}

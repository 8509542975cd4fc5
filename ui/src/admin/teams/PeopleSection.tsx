/** Whom a bot can reach, and why not. Microsoft is asked for one person at a time, when it is said. */

import { Button, Checkbox, Field, Input, Select } from "@fluentui/react-components";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useApi } from "../../api/context";
import {
  type Choice,
  TEAMS_PEOPLE,
  type TeamsPerson,
  type TeamsStatus,
  teamsPeopleQuery,
  teamsSetupQuery,
} from "../../api/queries/admin/teams";
import { Chip } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { Note } from "../../kit/Note";
import { Section } from "../../kit/Page";
import { Pages } from "../../kit/Pages";
import { Empty } from "../../kit/states/Empty";
import { Problem } from "../../kit/states/Problem";
import { csvOf, saveFile } from "../../text/csv";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Time } from "../../text/time";
import styles from "../admin.module.css";
import { TEXTS } from "../text";
import type { AdminText } from "../text.en";
import { InstallDialog } from "./InstallDialog";
import { HAVE_APP, MOST_PEOPLE, STATUSES, TONES } from "./status";
import own from "./teams.module.css";

export function PeopleSection({ name }: { name: string }) {
  const { teams: text } = useText(TEXTS);
  const [status, setStatus] = useState<TeamsStatus | null>(null);
  const query = useInfiniteQuery(teamsPeopleQuery(useApi(), name, status));
  const picking = usePicking(name);
  const columns = useColumns(name, picking);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={text.reach} hint={text.reachHint}>
      <div className={styles.tools}>
        <Field label={text.status}>
          <Select
            value={status ?? ""}
            onChange={(_, { value }) => setStatus(STATUSES.find((each) => each === value) ?? null)}
          >
            <option value="">{text.all}</option>
            {STATUSES.map((each) => (
              <option key={each} value={each}>
                {text.statuses[each]}
              </option>
            ))}
          </Select>
        </Field>
        <CheckForm name={name} />
        <span className={styles.grow} />
        {picking !== null && <InstallButtons name={name} picking={picking} />}
        <Button
          icon={<Icon name="download" size={16} />}
          disabled={items.length === 0}
          onClick={() => saveFile("teams.csv", csvOf([headOf(text), ...items.map((item) => rowOf(item, text))]))}
        >
          {text.csv}
        </Button>
      </div>
      <Pages
        query={query}
        empty={<None isFiltered={status !== null} hasMore={query.hasNextPage} onMore={query.fetchNextPage} />}
      >
        {(rows) => <DataTable label={text.reach} columns={columns} rows={rows} keyOf={({ person_id }) => person_id} />}
      </Pages>
    </Section>
  );
}

/** The people who are chosen, and how one is added or left out. */
export interface Picking {
  picked: ReadonlySet<string>;
  toggle: (personId: string) => void;
  clear: () => void;
}

/** Returns the choice of people for an installation; null where the connection cannot install. */
function usePicking(name: string): Picking | null {
  const setup = useQuery(teamsSetupQuery(useApi(), name));
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  if (setup.data?.people !== "graph") return null;
  return {
    picked,
    toggle: (personId) => setPicked((before) => flip(before, personId)),
    clear: () => setPicked(new Set()),
  };
}

function flip(before: ReadonlySet<string>, personId: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(personId)) after.add(personId);
  return after;
}

/** Installs the app for the people who are chosen, of whom one installation takes a number, or for all without it. */
export function InstallButtons({ name, picking }: { name: string; picking: Picking }) {
  const { teams: text } = useText(TEXTS);
  const [choice, setChoice] = useState<Choice | null>(null);
  const { picked } = picking;
  const close = (): void => setChoice(null);
  const finish = (): void => {
    picking.clear();
    close();
  };
  return (
    <>
      {picked.size > 0 && (
        <Button
          appearance="primary"
          disabled={picked.size > MOST_PEOPLE}
          onClick={() => setChoice({ person: [...picked] })}
        >
          {text.installFor(picked.size)}
        </Button>
      )}
      {picked.size > MOST_PEOPLE && <Note tone="warning">{text.tooMany(MOST_PEOPLE)}</Note>}
      <Button onClick={() => setChoice({ missing: true })}>{text.installMissing}</Button>
      {choice !== null && <InstallDialog name={name} choice={choice} onStarted={finish} onClose={close} />}
    </>
  );
}

function None({ isFiltered, hasMore, onMore }: { isFiltered: boolean; hasMore: boolean; onMore: () => unknown }) {
  const { teams: text } = useText(TEXTS);
  const shared = useText(SHARED);
  // The server looks at a part of the people at a time, so that the first pages of a status may be empty.
  const more = hasMore && <Button onClick={() => void onMore()}>{shared.more}</Button>;
  return isFiltered ? (
    <Empty icon="filter" title={text.noMatch} action={more} />
  ) : (
    <Empty icon="person" title={text.none}>
      {text.noneHint}
    </Empty>
  );
}

function useCheck(name: string) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (person: string) => (await api.call("checkTeamsPerson", { name, person })).item,
    onSuccess: () => queries.invalidateQueries({ queryKey: [TEAMS_PEOPLE, name] }),
  });
}

function CheckForm({ name }: { name: string }) {
  const { teams: text } = useText(TEXTS);
  const [address, setAddress] = useState("");
  const check = useCheck(name);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (address.trim() !== "") check.mutate(address.trim());
  };
  return (
    <form className={styles.tools} onSubmit={submit}>
      <Field label={text.address}>
        <Input value={address} placeholder="name@example.com" onChange={(_, { value }) => setAddress(value)} />
      </Field>
      <Button type="submit" disabled={check.isPending || address.trim() === ""}>
        {text.check}
      </Button>
      {check.data !== undefined && (
        <Note tone="info">{text.found(nameOf(check.data), text.statuses[check.data.status])}</Note>
      )}
      {check.error !== null && <Problem error={check.error} words={text.words} shape="bar" />}
    </form>
  );
}

function useColumns(name: string, picking: Picking | null): Column<TeamsPerson>[] {
  const { teams: text } = useText(TEXTS);
  const shared = useText(SHARED);
  return [
    {
      id: "person",
      head: text.person,
      cell: (person) => (
        <div className={own.pick}>
          {picking !== null && (
            <Checkbox
              aria-label={text.choose(nameOf(person))}
              disabled={HAVE_APP.has(person.status)}
              checked={picking.picked.has(person.person_id)}
              onChange={() => picking.toggle(person.person_id)}
            />
          )}
          <div className={styles.person}>
            <span>{nameOf(person)}</span>
            {person.mail !== null && <small>{person.mail}</small>}
          </div>
        </div>
      ),
    },
    {
      id: "status",
      head: text.status,
      cell: ({ status }) => <Chip tone={TONES[status]}>{text.statuses[status]}</Chip>,
    },
    { id: "reason", head: text.reason, cell: ({ reason, failure }) => failure ?? reason ?? "" },
    { id: "seen", head: text.seen, cell: ({ seen_on }) => (seen_on === null ? shared.never : <Time at={seen_on} />) },
    {
      id: "checked",
      head: text.checked,
      cell: ({ checked_on }) => (checked_on === null ? shared.never : <Time at={checked_on} />),
    },
    { id: "check", head: "", isRight: true, cell: (person) => <CheckButton name={name} person={person} /> },
  ];
}

function CheckButton({ name, person }: { name: string; person: TeamsPerson }) {
  const { teams: text } = useText(TEXTS);
  const check = useCheck(name);
  return (
    <>
      {check.error !== null && <Problem error={check.error} words={text.words} shape="bar" />}
      <Button
        size="small"
        aria-label={text.checkOf(nameOf(person))}
        disabled={check.isPending}
        onClick={() => check.mutate(person.person_id)}
      >
        {text.check}
      </Button>
    </>
  );
}

function nameOf({ name, mail, user_principal_name, person_id }: TeamsPerson): string {
  return name ?? mail ?? user_principal_name ?? person_id;
}

function headOf(text: AdminText["teams"]): string[] {
  return [text.person, text.mail, text.status, text.reason, text.seen, text.checked, text.id];
}

function rowOf(person: TeamsPerson, text: AdminText["teams"]): string[] {
  const { mail, status, reason, failure, seen_on, checked_on, person_id } = person;
  return [
    nameOf(person),
    mail ?? "",
    text.statuses[status],
    failure ?? reason ?? "",
    instantOf(seen_on),
    instantOf(checked_on),
    person_id,
  ];
}

function instantOf(ms: number | null): string {
  return ms === null ? "" : new Date(ms).toISOString();
}

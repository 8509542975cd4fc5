/** What was changed, by whom. The filters are in the address. */

import { Button, Field, Input } from "@fluentui/react-components";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { useApi } from "../api/context";
import { type AuditFilter, auditQuery, newestAuditQuery } from "../api/queries/admin/audit";
import type { AnswerOf, Schema } from "../api/types";
import { type Column, DataTable } from "../kit/DataTable";
import { Icon } from "../kit/icons";
import { LIVE_MS } from "../kit/live";
import { Pages } from "../kit/Pages";
import { Empty } from "../kit/states/Empty";
import { Newer } from "../kit/states/Newer";
import { Guarded } from "../session/Guarded";
import { csvOf, saveFile } from "../text/csv";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import { Time } from "../text/time";
import styles from "./admin.module.css";
import { type AuditSearch, filterOf, without } from "./audit-search";
import { TEXTS } from "./text";
import type { AdminText } from "./text.en";

type Item = Schema<"AuditItem">;
type Page = AnswerOf<"getAudit">;

export function AuditPage() {
  return (
    <Guarded permission="audit">
      <Audit />
    </Guarded>
  );
}

function Audit() {
  const { audit: text } = useText(TEXTS);
  const shared = useText(SHARED);
  const navigate = useNavigate();
  const search: AuditSearch = useSearch({ from: "/shell/admin/audit" });
  const filter = filterOf(useDeferredValue(search));
  const query = useInfiniteQuery({ ...auditQuery(useApi(), filter), refetchOnWindowFocus: false });
  const drop = (): void => void navigate({ to: "/admin/audit", search: {}, replace: true });
  const isFiltered = Object.keys(search).length > 0;
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const newer = useNewer(filter, query.data?.pages[0], items[0]);
  const empty = isFiltered ? (
    <Empty icon="filter" title={text.noMatch} action={<Button onClick={drop}>{shared.dropFilters}</Button>} />
  ) : (
    <Empty icon="audit" title={text.empty} />
  );
  return (
    <>
      <div className={styles.tools}>
        <Filters search={search} />
        <span className={styles.grow} />
        <Newer count={newer} onShow={() => void query.refetch()} />
        <Button
          icon={<Icon name="download" size={16} />}
          disabled={items.length === 0}
          onClick={() => saveFile("audit.csv", csvOf([headOf(text), ...items.map((item) => rowOf(item, text))]))}
        >
          {text.csv}
        </Button>
      </div>
      <Pages query={query} empty={empty}>
        {(found) => (
          <DataTable
            label={text.label}
            columns={columnsOf(text)}
            rows={found}
            keyOf={({ record_id }) => String(record_id)}
            isPlain
          />
        )}
      </Pages>
      {query.data?.pages.at(-1)?.truncated && <p role="status">{text.truncated}</p>}
    </>
  );
}

/** Returns how many records are newer than the first row, 30 at most. Rows never move by themselves. */
function useNewer(filter: AuditFilter, page: Page | undefined, first: Item | undefined): number {
  const { data } = useQuery({
    ...newestAuditQuery(useApi(), filter, LIVE_MS),
    // What the list has just read is not read twice.
    ...(page === undefined ? { enabled: false } : { initialData: page }),
  });
  if (data === undefined || first === undefined) return 0;
  return data.items.filter(({ record_id }) => record_id > first.record_id).length;
}

function Filters({ search }: { search: AuditSearch }) {
  const { audit: text } = useText(TEXTS);
  const navigate = useNavigate();
  const { action = "", object = "", from = "", to = "" } = search;
  const choose = (some: AuditSearch): void =>
    void navigate({ to: "/admin/audit", search: without({ action, object, from, to, ...some }), replace: true });
  return (
    <>
      <Field label={text.action}>
        <Input
          value={action}
          placeholder={text.actionHint}
          onChange={(_, { value }) => choose({ action: value.trim() })}
        />
      </Field>
      <Field label={text.objectId}>
        <Input value={object} onChange={(_, { value }) => choose({ object: value.trim() })} />
      </Field>
      <Field label={text.from}>
        <Input type="date" value={from} onChange={(_, { value }) => choose({ from: value })} />
      </Field>
      <Field label={text.to}>
        <Input type="date" value={to} onChange={(_, { value }) => choose({ to: value })} />
      </Field>
    </>
  );
}

function columnsOf(text: AdminText["audit"]): Column<Item>[] {
  return [
    { id: "when", head: text.when, cell: ({ at }) => <Time at={at} /> },
    { id: "who", head: text.who, cell: (item) => actorOf(item, text) },
    { id: "what", head: text.what, cell: ({ action }) => <code className={styles.mono}>{action}</code> },
    { id: "object", head: text.object, cell: ({ object_id }) => <code className={styles.mono}>{object_id}</code> },
    { id: "details", head: text.details, cell: (item) => <span className={styles.details}>{detailsOf(item)}</span> },
  ];
}

function headOf(text: AdminText["audit"]): string[] {
  return [text.when, text.who, text.what, text.object, text.details];
}

function rowOf(item: Item, text: AdminText["audit"]): string[] {
  return [new Date(item.at).toISOString(), actorOf(item, text), item.action, item.object_id, detailsOf(item)];
}

function actorOf({ actor }: Item, text: AdminText["audit"]): string {
  const name = actor.name ?? actor.id ?? "";
  switch (actor.kind) {
    case "operator":
      return text.operator;
    case "key":
      return text.key(name);
    case "person":
      return name;
  }
}

/** Returns the details of a record as `name: value` pairs. */
function detailsOf({ details }: Item): string {
  return Object.entries(details)
    .filter(([, value]) => value !== "" && value !== null)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

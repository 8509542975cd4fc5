/** The API keys of the organization. */

import { Button } from "@fluentui/react-components";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { keysQuery } from "../../api/queries/admin/keys";
import { Chip, Tag } from "../../kit/Chip";
import { Confirm } from "../../kit/Confirm";
import { type Column, DataTable } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { useLive } from "../../kit/live";
import { Pages } from "../../kit/Pages";
import { Empty } from "../../kit/states/Empty";
import { useConfirmed } from "../../session/confirmed";
import { Guarded } from "../../session/Guarded";
import { useCommands } from "../../shell/commands/commands";
import { TEXTS as SHELL } from "../../shell/text";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Time, useTimes } from "../../text/time";
import styles from "../admin.module.css";
import { TEXTS } from "../text";
import { CreateKeyDialog } from "./CreateKeyDialog";
import { isOver, isUnused, type Key } from "./key";

export function KeysPage() {
  return (
    <Guarded permission="keys">
      <Keys />
    </Guarded>
  );
}

function Keys() {
  const { keys: text } = useText(TEXTS);
  const shell = useText(SHELL);
  const { now } = useTimes();
  const query = useInfiniteQuery(keysQuery(useApi()));
  useLive(query.refetch);
  const [open, setOpen] = useState<"create" | Key | null>(null);
  const create = (): void => setOpen("create");
  useCommands([{ id: "create-key", text: text.create, icon: "key", group: shell.groups.here, keys: "n", run: create }]);
  const columns = useColumns(setOpen);
  const close = (): void => setOpen(null);
  return (
    <>
      <div className={styles.tools}>
        <p>{text.hint}</p>
        <Button appearance="primary" icon={<Icon name="plus" size={16} />} onClick={create}>
          {text.create}
        </Button>
      </div>
      <Pages query={query} empty={<Empty icon="key" title={text.empty} />}>
        {(items) => (
          <DataTable
            label={text.label}
            columns={columns}
            rows={items}
            keyOf={({ key_id }) => key_id}
            isDimmed={(key) => isOver(key, now)}
          />
        )}
      </Pages>
      {open === "create" && <CreateKeyDialog onClose={close} />}
      {open !== null && open !== "create" && <RevokeDialog apiKey={open} onClose={close} />}
    </>
  );
}

function useColumns(onRevoke: (key: Key) => void): Column<Key>[] {
  const { keys: text } = useText(TEXTS);
  const { now } = useTimes();
  return [
    { id: "name", head: text.name, cell: (key) => <Name apiKey={key} /> },
    { id: "rights", head: text.rights, cell: (key) => <Rights apiKey={key} /> },
    { id: "created", head: text.created, cell: ({ created_on }) => <Time at={created_on} /> },
    { id: "expires", head: text.expires, cell: (key) => <Expires apiKey={key} /> },
    { id: "used", head: text.lastUsed, cell: (key) => <LastUsed apiKey={key} /> },
    {
      id: "revoke",
      head: "",
      isRight: true,
      cell: (key) =>
        !isOver(key, now) && (
          <Button size="small" aria-label={text.revokeOf(key.name)} onClick={() => onRevoke(key)}>
            {text.revoke}
          </Button>
        ),
    },
  ];
}

function Name({ apiKey }: { apiKey: Key }) {
  return (
    <div className={styles.person}>
      <span>{apiKey.name}</span>
      <small>
        <code className={styles.mono}>lk_{apiKey.prefix}_…</code>
      </small>
    </div>
  );
}

function Rights({ apiKey }: { apiKey: Key }) {
  const { keys: text } = useText(TEXTS);
  const { scopes, permissions, workflow_ids } = apiKey;
  return (
    <span className={styles.chips}>
      {[...scopes, ...permissions].map((right) => (
        <Tag key={right}>{right}</Tag>
      ))}
      {workflow_ids !== null && <Tag>{text.bound(workflow_ids.length)}</Tag>}
    </span>
  );
}

function Expires({ apiKey }: { apiKey: Key }) {
  const { keys: text } = useText(TEXTS);
  const shared = useText(SHARED);
  const { now } = useTimes();
  if (apiKey.revoked_on !== null) return <Chip tone="skipped">{text.revoked}</Chip>;
  if (isOver(apiKey, now)) return <Chip tone="skipped">{text.expired}</Chip>;
  return apiKey.expires_on === null ? shared.never : <Time at={apiKey.expires_on} />;
}

function LastUsed({ apiKey }: { apiKey: Key }) {
  const { keys: text } = useText(TEXTS);
  const shared = useText(SHARED);
  const { now } = useTimes();
  return (
    <div className={styles.person}>
      <span>{apiKey.last_used_on === null ? shared.never : <Time at={apiKey.last_used_on} />}</span>
      {apiKey.last_used_from && <small>{text.from(apiKey.last_used_from)}</small>}
      {isUnused(apiKey, now) && (
        <span>
          <Chip tone="retry" icon="clock">
            {text.unused}
          </Chip>
        </span>
      )}
    </div>
  );
}

function RevokeDialog({ apiKey, onClose }: { apiKey: Key; onClose: () => void }) {
  const { keys: text } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const confirmed = useConfirmed();
  const revoke = useMutation({
    mutationFn: () => confirmed(() => api.call("revokeKey", { key_id: apiKey.key_id })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["keys"] });
      onClose();
    },
  });
  return (
    <Confirm
      title={text.revokeTitle(apiKey.name)}
      verb={text.revokeVerb}
      isDangerous
      isBusy={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      <p>{text.revokeHint}</p>
    </Confirm>
  );
}

/** Whom to tell of incidents: by mail, in Teams, or by a webhook. */

import { Button } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { notificationsQuery } from "../../api/queries/admin/notifications";
import { workflowNamesQuery } from "../../api/queries/executions/executions";
import type { Schema } from "../../api/types";
import { Answer } from "../../kit/Answer";
import { Confirm } from "../../kit/Confirm";
import { type Column, DataTable } from "../../kit/DataTable";
import { Section } from "../../kit/Page";
import { Empty } from "../../kit/states/Empty";
import { Problem } from "../../kit/states/Problem";
import { Guarded } from "../../session/Guarded";
import { useText } from "../../text/language";
import { Time } from "../../text/time";
import styles from "../admin.module.css";
import { TEXTS } from "../text";
import { NotificationDialog } from "./NotificationDialog";
import { SecretDialog } from "./SecretDialog";

type Notification = Schema<"NotificationRecord">;
type Open =
  | { kind: "put"; stored: Notification | null }
  | { kind: "delete"; stored: Notification }
  | { kind: "secret"; stored: Notification }
  | null;

export function NotificationsPage() {
  return (
    <Guarded permission="edit.connections">
      <Notifications />
    </Guarded>
  );
}

function Notifications() {
  const { notifications: text } = useText(TEXTS);
  const query = useQuery(notificationsQuery(useApi()));
  const [open, setOpen] = useState<Open>(null);
  const columns = useColumns(setOpen);
  const close = (): void => setOpen(null);
  const button = (
    <Button appearance="primary" onClick={() => setOpen({ kind: "put", stored: null })}>
      {text.create}
    </Button>
  );
  return (
    <Section title={text.label} hint={text.hint} action={button}>
      <Answer query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="mail" title={text.empty} />
          ) : (
            <DataTable
              label={text.label}
              columns={columns}
              rows={items}
              keyOf={({ notification_id }) => notification_id}
            />
          )
        }
      </Answer>
      {open?.kind === "put" && (
        <NotificationDialog
          stored={open.stored}
          onClose={close}
          onUnknownSecret={(webhook) => setOpen({ kind: "secret", stored: webhook })}
        />
      )}
      {open?.kind === "secret" && <SecretDialog stored={open.stored} onClose={close} />}
      {open?.kind === "delete" && <DeleteDialog stored={open.stored} onClose={close} />}
    </Section>
  );
}

function useColumns(onOpen: (open: Open) => void): Column<Notification>[] {
  const { notifications: text } = useText(TEXTS);
  const { data: names } = useQuery(workflowNamesQuery(useApi()));
  return [
    { id: "name", head: text.name, cell: ({ name }) => name },
    { id: "channel", head: text.channel, cell: ({ channel }) => text.channels(channel) },
    { id: "target", head: text.target, cell: ({ target }) => target, isCut: true },
    {
      id: "workflow",
      head: text.workflow,
      cell: ({ workflow_id }) => (workflow_id === null ? text.all : (names?.get(workflow_id) ?? workflow_id)),
    },
    {
      id: "sent",
      head: text.lastSent,
      cell: ({ sent_on, problem }) => problem ?? (sent_on === null ? text.never : <Time at={sent_on} />),
    },
    {
      id: "acts",
      head: "",
      isRight: true,
      cell: (stored) => (
        <span className={styles.acts}>
          <TestButton stored={stored} />
          {stored.channel === "webhook" && (
            <Button size="small" onClick={() => onOpen({ kind: "secret", stored })}>
              {text.secret}
            </Button>
          )}
          <Button size="small" onClick={() => onOpen({ kind: "put", stored })}>
            {text.change}
          </Button>
          <Button size="small" onClick={() => onOpen({ kind: "delete", stored })}>
            {text.remove}
          </Button>
        </span>
      ),
    },
  ];
}

function TestButton({ stored: { notification_id } }: { stored: Notification }) {
  const { notifications: text } = useText(TEXTS);
  const api = useApi();
  const test = useMutation({ mutationFn: () => api.call("testNotification", { notification_id }) });
  return (
    <>
      {test.data && <span role="status">{text.tested(test.data.is_sent, test.data.reason ?? "")}</span>}
      {test.error && <Problem error={test.error} shape="bar" />}
      <Button size="small" disabled={test.isPending} onClick={() => test.mutate()}>
        {text.test}
      </Button>
    </>
  );
}

function DeleteDialog({ stored, onClose }: { stored: Notification; onClose: () => void }) {
  const { notifications: text } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.call("deleteNotification", { notification_id: stored.notification_id }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["notifications"] });
      onClose();
    },
  });
  return (
    <Confirm
      title={text.removeTitle(stored.name)}
      verb={text.remove}
      isDangerous
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}

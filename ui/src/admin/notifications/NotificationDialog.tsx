import { Checkbox, Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { workflowNamesQuery } from "../../api/queries/executions/executions";
import type { Schema } from "../../api/types";
import { Confirm } from "../../kit/Confirm";
import { Note } from "../../kit/Note";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { ShownSecret } from "./SecretDialog";

type Notification = Schema<"NotificationRecord">;
type Channel = Notification["channel"];
const CHANNELS: readonly Channel[] = ["email", "teams", "webhook"];

interface Draft {
  name: string;
  channel: Channel;
  target: string;
  workflow_id: string;
  connection: string;
  quotes: boolean;
}

const draftOf = (stored: Notification | null): Draft => ({
  name: stored?.name ?? "",
  channel: stored?.channel ?? "email",
  target: stored?.target ?? "",
  workflow_id: stored?.workflow_id ?? "",
  connection: stored?.connection ?? "",
  quotes: stored?.quotes ?? false,
});

interface NotificationDialogProps {
  stored: Notification | null;
  onClose: () => void;
  /** It became a webhook, and the secret that signs its calls is not known here. */
  onUnknownSecret: (webhook: Notification) => void;
}

/** Makes a notification, or changes a stored one. One that becomes a webhook shows its secret, once. */
export function NotificationDialog({ stored, onClose, onUnknownSecret }: NotificationDialogProps) {
  const { notifications: text } = useText(TEXTS);
  const { data: names } = useQuery(workflowNamesQuery(useApi()));
  const [draft, setDraft] = useState(() => draftOf(stored));
  const change = (changes: Partial<Draft>): void => setDraft({ ...draft, ...changes });
  const put = usePut(stored, draft, ({ item, secret }) => {
    if (secret === undefined) onClose();
    else if (secret === null) onUnknownSecret(item);
  });
  // A secret is shown once: while it is made, the dialog stays.
  const isMaking = put.isPending && draft.channel === "webhook" && stored?.channel !== "webhook";
  const secret = put.data?.secret;
  if (typeof secret === "string") return <ShownSecret title={text.firstSecret} secret={secret} onClose={onClose} />;
  return (
    <Confirm
      title={text.title}
      verb={text.save}
      isBusy={put.isPending || draft.name.trim() === "" || draft.target.trim() === ""}
      error={put.error}
      onConfirm={() => put.mutate()}
      onClose={isMaking ? () => undefined : onClose}
    >
      <Field label={text.name} required>
        <Input value={draft.name} onChange={(_, { value }) => change({ name: value })} />
      </Field>
      <Field label={text.channel}>
        <Select
          value={draft.channel}
          onChange={(_, { value }) => change({ channel: CHANNELS.find((each) => each === value) ?? "email" })}
        >
          {CHANNELS.map((each) => (
            <option key={each} value={each}>
              {text.channels(each)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={text.target} hint={text.targetHint(draft.channel)} required>
        <Input value={draft.target} onChange={(_, { value }) => change({ target: value })} />
      </Field>
      <Field label={text.workflow}>
        <Select value={draft.workflow_id} onChange={(_, { value }) => change({ workflow_id: value })}>
          <option value="">{text.all}</option>
          {[...(names ?? [])].map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      {draft.channel !== "webhook" && (
        <Field label={text.connection} hint={text.connectionHint}>
          <Input value={draft.connection} onChange={(_, { value }) => change({ connection: value })} />
        </Field>
      )}
      <Checkbox
        label={text.quotes}
        checked={draft.quotes}
        onChange={(_, { checked }) => change({ quotes: !!checked })}
      />
      {isMaking && <Note tone="info">{text.secretMaking}</Note>}
    </Confirm>
  );
}

interface Stored {
  item: Notification;
  /** Undefined: it has no secret, or had one before. Null: a new one could not be made. */
  secret?: string | null;
}

function usePut(stored: Notification | null, draft: Draft, onStored: (result: Stored) => void) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (): Promise<Stored> => {
      const { item } = await api.call("putNotification", {
        ...draft,
        workflow_id: draft.workflow_id || null,
        connection: draft.connection || null,
        notification_id: stored?.notification_id ?? null,
      });
      if (item.channel !== "webhook" || stored?.channel === "webhook") return { item };
      const { notification_id } = item;
      // The notification is stored in either case; the list can make another secret.
      const secret = await api.call("putNotificationSecret", { notification_id }).then(
        (made) => made.secret,
        () => null,
      );
      return { item, secret };
    },
    onSuccess: async (result) => {
      await queries.invalidateQueries({ queryKey: ["notifications"] });
      onStored(result);
    },
  });
}

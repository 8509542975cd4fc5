import { useMutation } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import type { Schema } from "../../api/types";
import { Confirm } from "../../kit/Confirm";
import { Note } from "../../kit/Note";
import { useText } from "../../text/language";
import { OnceDialog } from "../OnceDialog";
import { ShownOnce } from "../ShownOnce";
import { TEXTS } from "../text";

interface SecretDialogProps {
  stored: Schema<"NotificationRecord">;
  onClose: () => void;
}

interface ShownSecretProps {
  title: string;
  secret: string;
  onClose: () => void;
}

/** The secret of a webhook, which no later call returns. */
export function ShownSecret({ title, secret, onClose }: ShownSecretProps) {
  const { notifications: text } = useText(TEXTS);
  return (
    <OnceDialog title={title} hint={text.secretOnce} onClose={onClose}>
      <ShownOnce text={secret} label={text.copySecret} />
    </OnceDialog>
  );
}

/** Replaces the secret that signs the calls of a webhook, and shows the new one once. */
export function SecretDialog({ stored: { name, notification_id }, onClose }: SecretDialogProps) {
  const { notifications: text } = useText(TEXTS);
  const api = useApi();
  const replace = useMutation({ mutationFn: () => api.call("putNotificationSecret", { notification_id }) });
  if (replace.data) return <ShownSecret title={text.secretMade} secret={replace.data.secret} onClose={onClose} />;
  return (
    <Confirm
      title={text.secretTitle(name)}
      verb={text.secretVerb}
      isBusy={replace.isPending}
      error={replace.error}
      onConfirm={() => replace.mutate()}
      onClose={replace.isPending ? () => undefined : onClose}
    >
      <p>{text.secretHint}</p>
      {replace.isPending && <Note tone="info">{text.secretMaking}</Note>}
    </Confirm>
  );
}

import { useMutation } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import type { Schema } from "../../api/types";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { OnceDialog } from "../OnceDialog";
import { ShownOnce } from "../ShownOnce";
import { TEXTS } from "../text";

interface SecretDialogProps {
  stored: Schema<"NotificationRecord">;
  onClose: () => void;
}

/** Replaces the secret that signs the calls of a webhook, and shows the new one once. */
export function SecretDialog({ stored: { name, notification_id }, onClose }: SecretDialogProps) {
  const { notifications: text } = useText(TEXTS);
  const api = useApi();
  const replace = useMutation({ mutationFn: () => api.call("putNotificationSecret", { notification_id }) });
  if (replace.data)
    return (
      <OnceDialog title={text.secretMade} hint={text.secretOnce} onClose={onClose}>
        <ShownOnce text={replace.data.secret} label={text.copySecret} />
      </OnceDialog>
    );
  return (
    <Confirm
      title={text.secretTitle(name)}
      verb={text.secretVerb}
      isBusy={replace.isPending}
      error={replace.error}
      onConfirm={() => replace.mutate()}
      onClose={onClose}
    >
      <p>{text.secretHint}</p>
    </Confirm>
  );
}

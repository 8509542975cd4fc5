import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { CONNECTIONS, type Connection } from "../../api/queries/data/data";
import { Confirm } from "../../kit/Confirm";
import { useConfirmed } from "../../session/confirmed";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { draftOf, sentSecrets } from "./draft";
import { SecretFields } from "./SecretFields";
import { TestPanel } from "./TestPanel";

/** Replaces secrets of a connection and nothing else; the new ones can be tested before they are stored. */
export function RotateDialog({ connection, onClose }: { connection: Connection; onClose: () => void }) {
  const { connections: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const confirmed = useConfirmed();
  const [draft, setDraft] = useState(() => draftOf(connection));
  const secrets = sentSecrets(draft);
  const rotate = useMutation({
    mutationFn: () => {
      const { name, kind, settings } = connection;
      return confirmed(() => api.call("updateConnection", { name, kind, settings, secrets }));
    },
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: CONNECTIONS }),
  });
  return (
    <Confirm
      title={text.rotateTitle(connection.name)}
      verb={text.rotateVerb}
      isBusy={rotate.isPending || Object.keys(secrets).length === 0}
      error={rotate.error}
      words={codes}
      onConfirm={() => rotate.mutate()}
      onClose={onClose}
    >
      <p>{text.rotateHint}</p>
      <SecretFields draft={draft} stored={connection.secret_names} onChange={setDraft} />
      <TestPanel draft={draft} storedName={connection.name} />
    </Confirm>
  );
}

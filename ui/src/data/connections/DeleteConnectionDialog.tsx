import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { CONNECTIONS, connectionQuery } from "../../api/queries/data/data";
import { Confirm } from "../../kit/Confirm";
import { UsedBy } from "../../kit/uses/UsedBy";
import { useConfirmed } from "../../session/confirmed";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

/** Deletes a connection with its secrets, and leads to the list. */
export function DeleteConnectionDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { connections: text, datastores, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const confirmed = useConfirmed();
  const remove = useMutation({
    mutationFn: () => confirmed(() => api.call("deleteConnection", { name })),
    onSuccess: async () => {
      await navigate({ to: "/data/connections" });
      queries.removeQueries({ queryKey: connectionQuery(api, name).queryKey });
      await queries.invalidateQueries({ queryKey: CONNECTIONS });
    },
  });
  return (
    <Confirm
      title={text.deleteTitle(name)}
      verb={datastores.delete}
      isDangerous
      isBusy={remove.isPending}
      error={remove.error}
      words={codes}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{text.deleteHint}</p>
      <UsedBy kind="connection" name={name} isQuiet />
    </Confirm>
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { DATASTORES, type DatastoreRow, datastoreQuery } from "../../api/queries/data/data";
import { Confirm } from "../../kit/Confirm";
import { UsedBy } from "../../kit/uses/UsedBy";
import { useConfirmed } from "../../session/confirmed";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

/** Deletes a datastore at the revision that was read, and leads to its list. */
export function DeleteDatastoreDialog({ stored, to, onClose }: DeleteDatastoreDialogProps) {
  const { datastores: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const confirmed = useConfirmed();
  const { name, revision } = stored;
  const remove = useMutation({
    mutationFn: () => confirmed(() => api.call("deleteDatastore", { name, if_revision: revision })),
    onSuccess: async () => {
      await navigate({ to });
      queries.removeQueries({ queryKey: datastoreQuery(api, name).queryKey });
      await queries.invalidateQueries({ queryKey: DATASTORES });
    },
  });
  return (
    <Confirm
      title={text.deleteTitle(name)}
      verb={text.delete}
      isDangerous
      isBusy={remove.isPending}
      error={remove.error}
      words={{ ...codes, CONFLICT: text.deleteConflict }}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{text.deleteHint}</p>
      <UsedBy kind="datastore" name={name} isQuiet />
    </Confirm>
  );
}

interface DeleteDatastoreDialogProps {
  stored: DatastoreRow;
  to: "/data/datastores" | "/data/calendars";
  onClose: () => void;
}

/** Makes an organization or a workspace of a name. */

import { Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../api/context";
import { Confirm } from "../kit/Confirm";
import { useConfirmed } from "../session/confirmed";
import { useChooseOrganization } from "../shell/organizations";
import { useText } from "../text/language";
import { TEXTS } from "./text";

export function NameDialog({ kind, onClose }: { kind: "organization" | "workspace"; onClose: () => void }) {
  const { organization: text } = useText(TEXTS);
  const [name, setName] = useState("");
  const create = useCreate(kind, onClose);
  return (
    <Confirm
      title={text.createTitle(kind)}
      verb={text.createVerb(kind)}
      isBusy={create.isPending || name.trim() === ""}
      error={create.error}
      onConfirm={() => name.trim() !== "" && create.mutate(name.trim())}
      onClose={onClose}
    >
      <p>{text.createHint(kind)}</p>
      <Field label={text.name} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
    </Confirm>
  );
}

/** The session moves to a new organization; a new workspace is listed beside the others. */
function useCreate(kind: "organization" | "workspace", onDone: () => void) {
  const api = useApi();
  const queries = useQueryClient();
  const confirmed = useConfirmed();
  const choose = useChooseOrganization();
  return useMutation({
    mutationFn: async (name: string) => {
      if (kind === "workspace") {
        await confirmed(() => api.call("createWorkspace", { name }));
        await queries.invalidateQueries({ queryKey: ["workspaces"] });
        return;
      }
      const { item } = await confirmed(() => api.call("createOrganization", { name }));
      await choose.mutateAsync({ organizationId: item.organization_id });
    },
    onSuccess: onDone,
  });
}

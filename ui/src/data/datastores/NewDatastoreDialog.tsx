import { Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { DATASTORES } from "../../api/queries/data/data";
import { Confirm } from "../../kit/Confirm";
import { JsonField } from "../../kit/json/JsonField";
import { readJson } from "../../kit/json/json-text";
import { EXACT } from "../../shared/exact";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

/** Creates a datastore; one that exists is never overwritten. */
export function NewDatastoreDialog({ onClose }: { onClose: () => void }) {
  const { datastores: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [document, setDocument] = useState("{}");
  const create = useMutation({
    mutationFn: (value: unknown) =>
      api.call("putDatastore", { name: name.trim(), value, if_revision: 0 }, { codec: EXACT }),
    onSuccess: ({ item }) => {
      onClose();
      void navigate({ to: "/data/datastores/$name", params: { name: item.name } });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: DATASTORES }),
  });
  const submit = (): void => {
    const read = readJson(document);
    if (read.fault === null) create.mutate(read.value);
  };
  return (
    <Confirm
      title={text.createTitle}
      verb={text.createVerb}
      isBusy={create.isPending || name.trim() === ""}
      error={create.error}
      words={{ ...codes, CONFLICT: text.exists }}
      onConfirm={submit}
      onClose={onClose}
    >
      <Field label={text.name} hint={text.nameHint} required>
        <Input value={name} maxLength={128} onChange={(_, { value }) => setName(value)} />
      </Field>
      <JsonField label={text.document} value={document} onChange={setDocument} rows={8} />
    </Confirm>
  );
}

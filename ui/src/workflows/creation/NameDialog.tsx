import { Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { emptyDefinition } from "./read-definition";
import { useCreate } from "./use-create";

/** A workflow that has nothing but its start; its name can be changed later. */
export function NameDialog({ onClose }: { onClose: () => void }) {
  const { creation: text, codes } = useText(TEXTS);
  const [name, setName] = useState("");
  const create = useCreate();
  return (
    <Confirm
      title={text.empty}
      verb={text.create}
      isBusy={create.isPending || name.trim() === ""}
      error={create.error}
      words={codes}
      onConfirm={() => create.mutate({ definition: emptyDefinition(name.trim()), incomplete: true })}
      onClose={onClose}
    >
      <Field label={text.name} required>
        <Input value={name} maxLength={200} onChange={(_, { value }) => setName(value)} />
      </Field>
    </Confirm>
  );
}

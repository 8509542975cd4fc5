import { Field, Input } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { DATASTORES } from "../../api/queries/data/data";
import { Confirm } from "../../kit/Confirm";
import { ZoneField } from "../../kit/zones/ZoneField";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { documentOf, usualCalendar } from "./calendar";

/** Creates a datastore with a usual week, to be changed then; one that exists is never overwritten. */
export function NewCalendarDialog({ onClose }: { onClose: () => void }) {
  const { calendars: text, datastores, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [zone, setZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  const create = useMutation({
    mutationFn: () => {
      const value = documentOf(usualCalendar(zone.trim()));
      return api.call("putDatastore", { name: name.trim(), value, if_revision: 0 });
    },
    onSuccess: ({ item }) => {
      onClose();
      void navigate({ to: "/data/calendars/$name", params: { name: item.name } });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: DATASTORES }),
  });
  return (
    <Confirm
      title={text.createTitle}
      verb={text.createVerb}
      isBusy={create.isPending || name.trim() === "" || zone.trim() === ""}
      error={create.error}
      words={{ ...codes, CONFLICT: datastores.exists }}
      onConfirm={() => create.mutate()}
      onClose={onClose}
    >
      <p>{text.createHint}</p>
      <Field label={datastores.name} hint={datastores.nameHint} required>
        <Input value={name} maxLength={128} onChange={(_, { value }) => setName(value)} />
      </Field>
      <ZoneField value={zone} onChange={setZone} />
    </Confirm>
  );
}

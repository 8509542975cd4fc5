import { Checkbox, Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { permissionsQuery } from "../../api/queries/admin/keys";
import { Confirm } from "../../kit/Confirm";
import { Fold } from "../../kit/folds/Fold";
import { useConfirmed } from "../../session/confirmed";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import styles from "../admin.module.css";
import { OnceDialog } from "../OnceDialog";
import { ShownOnce } from "../ShownOnce";
import { TEXTS } from "../text";
import { endAfter, exampleOf } from "./key";

const LIFETIMES = [90, 30, 365, 0];
const SCOPES = ["trigger", "read", "manage", "admin", "override"];

/** Creates a key and shows its text once. */
export function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const { keys: text } = useText(TEXTS);
  const { now } = useTimes();
  const api = useApi();
  const queries = useQueryClient();
  const confirmed = useConfirmed();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly string[]>(["trigger"]);
  const [permissions, setPermissions] = useState<readonly string[]>([]);
  const [days, setDays] = useState(90);
  const create = useMutation({
    mutationFn: () => {
      const body = { name, scopes: [...scopes], permissions: [...permissions], expires_on: endAfter(days, now) };
      return confirmed(() => api.call("createKey", body));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  if (create.data) return <Made apiKey={create.data.item.api_key} onClose={onClose} />;
  const hasRights = scopes.length + permissions.length > 0;
  return (
    <Confirm
      title={text.createTitle}
      verb={text.createVerb}
      isBusy={create.isPending || name.trim() === "" || !hasRights}
      error={create.error}
      onConfirm={() => create.mutate()}
      onClose={onClose}
    >
      <Field label={text.name} hint={text.nameHint} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Boxes legend={text.scopes} values={SCOPES} chosen={scopes} textOf={text.scope} onChange={setScopes} />
      <Singles chosen={permissions} onChange={setPermissions} />
      {!hasRights && <p role="status">{text.needsRights}</p>}
      <Field label={text.lifetime}>
        <Select value={String(days)} onChange={(_, { value }) => setDays(Number(value))}>
          {LIFETIMES.map((each) => (
            <option key={each} value={each}>
              {text.lifetimes(each)}
            </option>
          ))}
        </Select>
      </Field>
    </Confirm>
  );
}

function Singles({ chosen, onChange }: { chosen: readonly string[]; onChange: (chosen: readonly string[]) => void }) {
  const { keys: text } = useText(TEXTS);
  const { data } = useQuery(permissionsQuery(useApi()));
  // A permission without a set is for people only.
  const rows = (data?.items ?? []).filter(({ scopes }) => scopes.length > 0);
  const allows = new Map<string, string>(rows.map((row) => [row.permission, row.allows]));
  return (
    <Fold label={text.more}>
      <Boxes
        legend={text.more}
        values={rows.map(({ permission }) => permission)}
        chosen={chosen}
        textOf={(permission) => `${permission}: ${allows.get(permission)}`}
        onChange={onChange}
      />
    </Fold>
  );
}

interface BoxesProps {
  legend: string;
  values: readonly string[];
  chosen: readonly string[];
  textOf: (value: string) => string;
  onChange: (chosen: readonly string[]) => void;
}

function Boxes({ legend, values, chosen, textOf, onChange }: BoxesProps) {
  const change = (value: string, isChosen: boolean): void =>
    onChange(values.filter((each) => (each === value ? isChosen : chosen.includes(each))));
  return (
    <fieldset className={styles.boxes}>
      <legend>{legend}</legend>
      {values.map((value) => (
        <Checkbox
          key={value}
          label={textOf(value)}
          checked={chosen.includes(value)}
          onChange={(_, { checked }) => change(value, checked === true)}
        />
      ))}
    </fieldset>
  );
}

function Made({ apiKey, onClose }: { apiKey: string; onClose: () => void }) {
  const { keys: text } = useText(TEXTS);
  const example = exampleOf(apiKey, window.location.origin);
  return (
    <OnceDialog title={text.madeTitle} hint={text.madeHint} verb={text.done} onClose={onClose}>
      <div className={styles.links}>
        <ShownOnce text={apiKey} label={text.copyKey} />
        <span>{text.example}</span>
        <ShownOnce text={example} label={text.copyExample} />
      </div>
    </OnceDialog>
  );
}

/** The entity of a SAP request, as text and, where it has a key, as the parts of the key. */

import { Button } from "@fluentui/react-components";
import { useInputs } from "../../../kit/fields/inputs";
import { Icon } from "../../../kit/icons";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import { type Entity, entityOf, entityText } from "./entity";

export function EntityField({ edit }: { edit: StepEdit }) {
  const text = useText(PANEL_TEXTS);
  const { Text, Json } = useInputs();
  const field = edit.field(["entity"], ...text.fields.entity);
  const { value, isReadOnly = false } = field;
  if (edit.settings.batch !== undefined && value === undefined) return null;
  if (value !== undefined && typeof value !== "string") return <Json {...field} />;
  const entity = entityOf(value ?? "");
  const isPlain = /^[A-Za-z_]\w*$/.test(value ?? "");
  const give = (next: Entity): void => field.onChange(entityText(next));
  return (
    <div className={styles.form}>
      <Text
        {...field}
        value={value ?? ""}
        expected="text"
        placeholder="A_PurchaseOrder('${payload.output.po}')"
        onChange={(next) => field.onChange(next === "" ? undefined : next)}
      />
      {entity !== null && <Keys name={field.name} entity={entity} isReadOnly={isReadOnly} onEntity={give} />}
      {isPlain && !isReadOnly && (
        <div>
          <Button
            size="small"
            icon={<Icon name="key" size={14} />}
            onClick={() => give({ set: value ?? "", keys: [{ name: "", value: "", isQuoted: true }], rest: "" })}
          >
            {text.sap.addKey}
          </Button>
        </div>
      )}
    </div>
  );
}

interface KeysProps {
  name: string;
  entity: Entity;
  isReadOnly: boolean;
  onEntity: (entity: Entity) => void;
}

function Keys({ name, entity, isReadOnly, onEntity }: KeysProps) {
  const { sap: text } = useText(PANEL_TEXTS);
  const { Text } = useInputs();
  return (
    <fieldset className={styles.box} aria-label={text.key}>
      {entity.keys.map((key, at) => (
        <Text
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a key have an order and no other identity
          key={at}
          label={key.name === "" ? text.key : text.keyOf(key.name)}
          name={`${name}/key/${at}`}
          value={key.value}
          isReadOnly={isReadOnly}
          expected="text"
          onChange={(value) => onEntity({ ...entity, keys: entity.keys.with(at, { ...key, value }) })}
        />
      ))}
    </fieldset>
  );
}

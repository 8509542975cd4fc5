/** Values that are set in the payload, by name; or the whole payload. */

import { Button, Field, Input } from "@fluentui/react-components";
import { useInputs } from "../../../kit/fields/inputs";
import { ValueField } from "../../../kit/fields/lists/ValueField";
import { Icon } from "../../../kit/icons";
import { isObject, type JsonObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

export function Parameters({ edit }: { edit: StepEdit }) {
  const { fields, override: text } = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const field = edit.field(["parameters"], ...fields.parameters);
  const payload = edit.field(["payload"], ...fields.wholePayload);
  const { value = [] } = field;
  const rows = Array.isArray(value) && value.every(isObject) ? value : null;
  const give = (next: readonly JsonObject[]): void => field.onChange(next.length === 0 ? undefined : next);
  return (
    <>
      {rows === null ? (
        <Json {...field} />
      ) : (
        <section className={styles.box} aria-label={field.label}>
          <h3 className={styles.title}>{field.label}</h3>
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row has no identity but its place
            <div key={at} className={styles.item}>
              <Row edit={edit} at={at} row={row} onRow={(next) => give(rows.with(at, next))} />
              {!edit.isReadOnly && (
                <Button
                  appearance="subtle"
                  icon={<Icon name="close" size={14} />}
                  aria-label={text.remove(at + 1)}
                  onClick={() => give(rows.toSpliced(at, 1))}
                />
              )}
            </div>
          ))}
          {!edit.isReadOnly && (
            <div>
              <Button
                size="small"
                appearance="subtle"
                icon={<Icon name="plus" size={14} />}
                onClick={() => give([...rows, { name: "", value: "" }])}
              >
                {text.add}
              </Button>
            </div>
          )}
        </section>
      )}
      <Json {...payload} />
    </>
  );
}

function Row({
  edit,
  at,
  row,
  onRow,
}: {
  edit: StepEdit;
  at: number;
  row: JsonObject;
  onRow: (row: JsonObject) => void;
}) {
  const { override: text } = useText(PANEL_TEXTS);
  const value = {
    label: text.value(at + 1),
    name: `${edit.id}/parameters/${at}/value`,
    isReadOnly: edit.isReadOnly,
  };
  return (
    <div className={styles.form}>
      <Field label={text.name(at + 1)} required>
        <Input
          autoComplete="off"
          placeholder="approval.level"
          readOnly={edit.isReadOnly}
          value={typeof row.name === "string" ? row.name : ""}
          onChange={(_, { value: name }) => onRow({ ...row, name })}
        />
      </Field>
      <ValueField {...value} value={row.value} onChange={(next) => onRow({ ...row, value: next ?? "" })} />
    </div>
  );
}

/** Who may answer a wait, and what the answer looks like. */

import { Checkbox } from "@fluentui/react-components";
import { useInputs } from "../../../kit/fields/inputs";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { SchemaOfSample } from "../samples/SchemaOfSample";
import { PANEL_TEXTS } from "../text";

const SOURCES = ["SAP", "TEAMS"] as const;

export function WaitParts({ edit }: { edit: StepEdit }) {
  const text = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const [label, hint] = text.fields.sources;
  const field = edit.field(["sources"], label, hint);
  const given = field.value ?? SOURCES;
  const schema = edit.field(["schema"], ...text.fields.waitSchema);
  const sources = Array.isArray(given) && given.every((each) => typeof each === "string") ? given : null;
  const toggle = (source: string, isChosen: boolean): void => {
    const next = isChosen ? [...(sources ?? []), source] : (sources ?? []).filter((each) => each !== source);
    field.onChange(next.length === 0 ? undefined : next);
  };
  return (
    <>
      {sources === null ? (
        <Json {...field} />
      ) : (
        <fieldset className={styles.row} aria-label={label}>
          <h3 className={styles.title}>
            {label} <span className={styles.hint}>{hint}</span>
          </h3>
          {SOURCES.map((source) => (
            <Checkbox
              key={source}
              label={text.options[source]}
              disabled={edit.isReadOnly}
              checked={sources.includes(source)}
              onChange={(_, { checked }) => toggle(source, checked === true)}
            />
          ))}
        </fieldset>
      )}
      <Json {...schema} />
      {!edit.isReadOnly && <SchemaOfSample onSchema={schema.onChange} />}
    </>
  );
}

/** A sample value that is pasted becomes the schema of the field above. */

import { Button, Field, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { jsonOf } from "../../../kit/fields/PlainJson";
import type { JsonObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import { schemaOf } from "./schema-of";

export function SchemaOfSample({ onSchema }: { onSchema: (schema: JsonObject) => void }) {
  const { samples: text } = useText(PANEL_TEXTS);
  const [typed, setTyped] = useState<string | null>(null);
  if (typed === null) {
    return (
      <div>
        <Button size="small" onClick={() => setTyped("")}>
          {text.schemaFromSample}
        </Button>
      </div>
    );
  }
  const { value, line } = jsonOf(typed);
  const take = (): void => {
    onSchema(schemaOf(value));
    setTyped(null);
  };
  return (
    <div className={styles.box}>
      <Field label={text.sampleValue} {...(line > 0 && { validationMessage: text.noJson(line) })}>
        <Textarea rows={5} value={typed} spellCheck={false} onChange={(_, { value: next }) => setTyped(next)} />
      </Field>
      <div className={styles.row}>
        <Button appearance="primary" size="small" disabled={line > 0 || value === undefined} onClick={take}>
          {text.useSchema}
        </Button>
        <Button size="small" onClick={() => setTyped(null)}>
          {text.cancel}
        </Button>
      </div>
    </div>
  );
}

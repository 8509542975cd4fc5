/** What a step reads and gives, on the sample; its pinned output; how it is tried. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { valueQuery } from "../../../api/queries/expression/expressions";
import { DataPicker } from "../../../expression/picker/DataPicker";
import { identityOf } from "../../../expression/source";
import { useRested } from "../../../expression/use-rested";
import { JsonTree } from "../../../kit/JsonTree";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { Pin } from "../samples/Pin";
import { SampleBar } from "../samples/SampleBar";
import { outputOf } from "../samples/sample-document";
import { useSampleData } from "../samples/use-sample";
import { PANEL_TEXTS } from "../text";
import { TryStep } from "../tries/TryStep";

const REST_MS = 300;

interface DataTabProps {
  edit: StepEdit;
  /** Whether the data tree is not shown beside it. */
  hasPicker?: boolean;
}

export function DataTab({ edit, hasPicker = true }: DataTabProps) {
  return (
    <div className={styles.form}>
      <SampleBar store={edit.store} isReadOnly={edit.isReadOnly} />
      <InputOnSample edit={edit} />
      <TryStep edit={edit} takesAsked />
      <OutputOnSample edit={edit} />
      <Pin edit={edit} />
      {hasPicker && <DataPicker />}
    </div>
  );
}

/** The settings with their expressions computed. */
function InputOnSample({ edit }: { edit: StepEdit }) {
  const { data: text } = useText(PANEL_TEXTS);
  const { document } = useSampleData(edit.store);
  const settings = useRested(edit.settings, REST_MS);
  const query = valueQuery(useApi(), { template: settings }, document, identityOf(document));
  const { data } = useQuery({ ...query, enabled: document !== null && edit.type !== "trigger" });
  if (data === undefined) return null;
  return (
    <section aria-label={text.input}>
      <h3 className={styles.title}>{text.input}</h3>
      {data.error === null ? (
        <JsonTree label={text.input} value={data.value} />
      ) : (
        <p className={styles.bad}>
          {data.error.path !== "" && <code>{data.error.path}</code>} {data.error.message}
        </p>
      )}
    </section>
  );
}

function OutputOnSample({ edit }: { edit: StepEdit }) {
  const { data: text } = useText(PANEL_TEXTS);
  const { document } = useSampleData(edit.store);
  const output = outputOf(document, edit.id);
  if (output === undefined) return <p className={styles.hint}>{text.noOutput}</p>;
  return (
    <section aria-label={text.output}>
      <h3 className={styles.title}>{text.output}</h3>
      <JsonTree label={text.output} value={output} />
    </section>
  );
}

/** Which sample data values are shown on. */

import { Button, Select } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { recentExecutionsQuery } from "../../../api/queries/studio/steps";
import { Problem } from "../../../kit/states/Problem";
import { useMay } from "../../../session/session";
import { executionName } from "../../../text/executions";
import { useText } from "../../../text/language";
import { stepsOf } from "../../document/definition";
import type { StudioStore } from "../../document/store";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import { AddSample } from "./AddSample";
import { executionChoice, outputsOf, type SampleChoice } from "./sample-document";
import { useSampleChoice, useSampleData } from "./use-sample";
import { useSamples, withFreeName } from "./use-samples";

export function SampleBar({ store, isReadOnly }: { store: StudioStore; isReadOnly: boolean }) {
  const { samples: text } = useText(PANEL_TEXTS);
  const { workflowId } = store.getState();
  const acts = useSamples(workflowId);
  const [choice, choose] = useSampleChoice(store);
  const { document, error } = useSampleData(store);
  const payloads = acts.samples?.payloads ?? [];
  const chosen = choice?.kind === "payload" ? choice.name : (payloads[0]?.name ?? null);
  return (
    <section className={styles.box} aria-label={text.title}>
      <div className={styles.row}>
        <Choices store={store} choice={choice} onChoose={choose} />
        {choice?.kind !== "execution" && chosen !== null && !isReadOnly && (
          <Button size="small" disabled={acts.isSaving} onClick={() => acts.removePayload(chosen)}>
            {text.remove(chosen)}
          </Button>
        )}
      </div>
      {!isReadOnly && (
        <AddSample
          store={store}
          onAdded={(payload) => {
            const named = withFreeName(payload, payloads);
            acts.addPayload(named);
            choose({ kind: "payload", name: named.name });
          }}
        />
      )}
      {choice?.kind === "execution" && !isReadOnly && (
        <div>
          <Button
            size="small"
            disabled={acts.isSaving || document === null}
            onClick={() =>
              acts.pinAll(
                outputsOf(
                  document,
                  stepsOf(store.getState().document).map(({ id }) => id),
                  choice.id,
                ),
              )
            }
          >
            {text.pinAll}
          </Button>
        </div>
      )}
      {(acts.error ?? error) != null && <Problem error={acts.error ?? error} shape="bar" />}
    </section>
  );
}

interface ChoicesProps {
  store: StudioStore;
  choice: SampleChoice | null;
  onChoose: (choice: SampleChoice | null) => void;
}

function Choices({ store, choice, onChoose }: ChoicesProps) {
  const { samples: text } = useText(PANEL_TEXTS);
  const { workflowId } = store.getState();
  const api = useApi();
  const mayRead = useMay("read.payloads");
  const { samples } = useSamples(workflowId);
  const { data } = useQuery({ ...recentExecutionsQuery(api, workflowId), enabled: mayRead });
  const payloads = samples?.payloads ?? [];
  const rows = data?.items ?? [];
  const recent = rows.map(({ workflow_execution_id: id, process_id }) => ({ id, name: executionName(id, process_id) }));
  // That of the graph, of a link or of before may be older than those.
  const isListed = choice?.kind !== "execution" || recent.some(({ id }) => id === choice.id);
  const executions = isListed ? recent : [...recent, choice];
  const select = (value: string): void => {
    const [kind, ...rest] = value.split(":");
    const name = rest.join(":");
    const row = rows.find((each) => each.workflow_execution_id === name);
    if (kind === "payload") onChoose({ kind, name });
    else if (row !== undefined) onChoose(executionChoice(row));
    else onChoose(null);
  };
  const value = choice === null ? "" : `${choice.kind}:${choice.kind === "payload" ? choice.name : choice.id}`;
  return (
    <Select size="small" aria-label={text.title} value={value} onChange={(_, { value: next }) => select(next)}>
      <option value="">{payloads[0] === undefined ? text.none : text.first(payloads[0].name)}</option>
      <optgroup label={text.payloads}>
        {payloads.map(({ name }) => (
          <option key={name} value={`payload:${name}`}>
            {name}
          </option>
        ))}
      </optgroup>
      {executions.length > 0 && (
        <optgroup label={text.executions}>
          {executions.map(({ id, name }) => (
            <option key={id} value={`execution:${id}`}>
              {name}
            </option>
          ))}
        </optgroup>
      )}
    </Select>
  );
}

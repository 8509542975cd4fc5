/** "What now?": every repair in its place, with its forecast before its button. */

import { Button, Field, Input, Spinner } from "@fluentui/react-components";
import { useState } from "react";
import type { ExecutionItem, ExecutionRow } from "../../api/queries/executions/executions";
import type { Visit } from "../../graph/log/visits";
import type { Outline } from "../../graph/outline";
import { Icon, type IconName } from "../../kit/icons";
import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { TEXTS } from "../text";
import {
  type Choice,
  choicesOf,
  type Draft,
  EMPTY_DRAFT,
  incidentOf,
  type Missing,
  type Planned,
  planOf,
} from "./choices";
import { Fields } from "./Fields";
import { ForecastView } from "./ForecastView";
import styles from "./Repair.module.css";
import { ResumePanel } from "./ResumePanel";
import { type Forecast, useForecast, useRepair } from "./use-repair";

const ICONS: Readonly<Record<Choice, IconName>> = {
  retry: "repeat",
  correct: "pencil",
  complete: "done",
  skip: "skip",
  move: "workflows",
  version: "up",
};

interface RepairPanelProps {
  row: ExecutionRow;
  item: ExecutionItem;
  outline: Outline;
  visit: Visit | null;
  onDone: () => void;
}

export function RepairPanel(props: RepairPanelProps) {
  const { row, item, visit, onDone } = props;
  const text = useText(TEXTS).repairs;
  const { needsPermission } = useText(SHARED);
  const mayRepair = useMay("repair");
  const choices = choicesOf(row, visit);
  const wait = item.waits.find((each) => each.state === visit?.step && each.visit === visit?.visit);
  if (choices.length === 0 && wait === undefined) return null;
  return (
    <section className={styles.panel} aria-label={text.title}>
      <h2 className={styles.title}>{text.title}</h2>
      {wait !== undefined && <ResumePanel row={row} wait={wait} onDone={onDone} />}
      {choices.length > 0 && (mayRepair ? <Repair {...props} choices={choices} /> : <p>{needsPermission("repair")}</p>)}
    </section>
  );
}

function Repair({ row, item, outline, visit, choices, onDone }: RepairPanelProps & { choices: readonly Choice[] }) {
  const text = useText(TEXTS).repairs;
  const [choice, setChoice] = useState<Choice | null>(row.incident === null ? null : "retry");
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const chosen = choice !== null && choices.includes(choice) ? choice : null;
  return (
    <>
      <fieldset className={styles.choices}>
        <legend className={styles.spoken}>{text.title}</legend>
        {choices.map((each) => (
          <button
            key={each}
            type="button"
            className={styles.choice}
            aria-pressed={each === chosen}
            onClick={() => setChoice(each)}
          >
            <Icon name={ICONS[each]} size={16} />
            {text.choices[each]}
          </button>
        ))}
      </fieldset>
      {chosen !== null && (
        <Chosen
          key={chosen}
          row={row}
          outline={outline}
          visit={visit}
          incidentId={incidentOf(item.workflow_incidents, visit)}
          choice={chosen}
          draft={draft}
          onDraft={(some) => setDraft({ ...draft, ...some })}
          onDone={onDone}
        />
      )}
    </>
  );
}

interface ChosenProps {
  row: ExecutionRow;
  outline: Outline;
  visit: Visit | null;
  incidentId: string | null;
  choice: Choice;
  draft: Draft;
  onDraft: (some: Partial<Draft>) => void;
  onDone: () => void;
}

function Chosen({ row, outline, visit, incidentId, choice, draft, onDraft, onDone }: ChosenProps) {
  const { repairs: text, codes, forecast: words } = useText(TEXTS);
  const [reason, setReason] = useState("");
  const planned = planOf({ choice, draft, row, outline, visit, incidentId });
  const isWhole = typeof planned !== "string";
  const repair = useRepair(onDone);
  // What is being done, or is done, is not forecast again.
  const isSent = !repair.isIdle && !repair.isError && isSame(repair.variables.planned, planned);
  const { forecast, error, isFetching, refetch } = useForecast(
    row.workflow_execution_id,
    isWhole && !isSent ? planned : null,
  );
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (isWhole && forecast !== null) repair.mutate({ planned, reason: reason.trim() });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Fields
        choice={choice}
        draft={draft}
        onDraft={onDraft}
        outline={outline}
        step={visit?.step ?? null}
        missing={isWhole ? null : planned}
      />
      <div className={styles.preview} aria-live="polite">
        <h3 className={styles.subtitle}>{text.ifNow[choice]}</h3>
        {!isWhole && <p className={styles.quiet}>{text.missing[planned]}</p>}
        {isWhole && isFetching && <Spinner size="tiny" label={words.working} labelPosition="after" />}
        {isWhole && !isSent && !isFetching && error !== null && (
          <Problem error={error} words={codes} shape="bar" onRetry={() => void refetch()} />
        )}
        {forecast !== null && <ForecastView forecast={forecast} outline={outline} />}
      </div>
      {repair.error !== null && <Problem error={repair.error} words={codes} shape="bar" />}
      {repair.data !== undefined && <Note>{text.done}</Note>}
      <Field label={text.reason}>
        <Input value={reason} maxLength={2000} onChange={(_, { value }) => setReason(value)} />
      </Field>
      <Button
        type="submit"
        appearance="primary"
        icon={<Icon name={ICONS[choice]} size={16} />}
        disabled={forecast === null || repair.isPending}
      >
        {text.verb(text.choices[choice], effectOf(forecast))}
      </Button>
    </form>
  );
}

function isSame(a: Planned, b: Planned | Missing): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Returns what the button says of the calls that leave. */
function effectOf(forecast: Forecast | null): { repeated: number; doubled: number; first: number } {
  const effects = forecast?.effects ?? [];
  const repeated = effects.filter(({ is_repeated }) => is_repeated);
  const doubled = repeated.filter(({ keeps_key }) => !keeps_key);
  return {
    repeated: repeated.length - doubled.length,
    doubled: doubled.length,
    first: effects.length - repeated.length,
  };
}

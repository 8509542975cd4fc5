import { Checkbox } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import type { ActivationPreview } from "../../api/queries/workflows/activation";
import { Chip, type Tone } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { Section } from "../../kit/Page";
import { useMay } from "../../session/session";
import { executionName } from "../../text/executions";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Time, useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./activation.module.css";

type Verdict = ActivationPreview["migration"]["items"][number];

const TONES: Readonly<Record<Verdict["verdict"], Tone>> = { SAFE: "done", NEEDS_MAPPING: "retry", REFUSED: "failed" };

interface OpenExecutionsProps {
  preview: ActivationPreview;
  isMoving: boolean;
  onMoving: (isMoving: boolean) => void;
}

/** The open executions: they stay on their version, unless those that can be are moved. One verdict each. */
export function OpenExecutions({ preview, isMoving, onMoving }: OpenExecutionsProps) {
  const { activation: text } = useText(TEXTS);
  const shared = useText(SHARED);
  const { formats } = useTimes();
  const mayRepair = useMay("repair");
  const { open_by_version: open, is_open_complete: isComplete, migration } = preview;
  if (open.length === 0 && migration.examined === 0) return <Section title={text.open}>{text.noOpen}</Section>;
  return (
    <Section title={text.open} hint={text.openHint}>
      <ul className={styles.versions}>
        {open.map(({ workflow_version: version, count }) => (
          <li key={version}>{text.openOf(version, `${formats.number(count)}${isComplete ? "" : "+"}`)}</li>
        ))}
      </ul>
      {migration.examined > 0 && (
        <>
          <p>{text.verdictCounts(migration.safe, migration.needs_mapping, migration.refused)}</p>
          {!migration.is_complete && <p>{text.onlyExamined(migration.examined)}</p>}
          <Checkbox
            label={text.move(migration.safe)}
            checked={isMoving}
            disabled={!mayRepair || migration.safe === 0}
            onChange={(_, { checked }) => onMoving(checked === true)}
          />
          {!mayRepair && <p className={styles.hint}>{shared.needsPermission("repair")}</p>}
          {migration.needs_mapping > 0 && <p className={styles.hint}>{text.mappingHint}</p>}
          <Verdicts items={migration.items} />
        </>
      )}
    </Section>
  );
}

function Verdicts({ items }: { items: readonly Verdict[] }) {
  const { activation: text } = useText(TEXTS);
  const columns: Column<Verdict>[] = [
    {
      id: "execution",
      head: text.execution,
      cell: ({ workflow_execution_id: executionId, process_id }) => (
        <Link to="/executions/$executionId" params={{ executionId }} target="_blank" preload={false}>
          {executionName(executionId, process_id)}
        </Link>
      ),
    },
    { id: "started", head: text.started, cell: ({ created_on }) => <Time at={created_on} /> },
    { id: "version", head: text.version, isRight: true, cell: ({ workflow_version: version }) => version },
    {
      id: "verdict",
      head: text.verdict,
      cell: ({ verdict, why }) => (
        <span className={styles.finding}>
          <span>
            <Chip tone={TONES[verdict]}>{text.verdicts[verdict]}</Chip>
          </span>
          {why !== "" && <small>{why}</small>}
        </span>
      ),
    },
  ];
  return (
    <DataTable
      label={text.verdictsLabel}
      columns={columns}
      rows={items}
      keyOf={({ workflow_execution_id: id }) => id}
    />
  );
}

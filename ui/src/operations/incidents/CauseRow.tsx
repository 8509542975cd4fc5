/** One cause: how many executions, since when, and its repair; open, it lists them. */

import { Button, Tooltip } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { useApi } from "../../api/context";
import { type Cause, incidentsQuery, type OpenIncident } from "../../api/queries/operations/operations";
import { type Column, DataTable } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { Pages } from "../../kit/Pages";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Time, useTimes } from "../../text/time";
import { TEXTS } from "../text";
import { useStepName } from "../use-step-name";
import { historySearchOf, incidentFilterOf } from "./cause";
import styles from "./Incidents.module.css";

interface CauseRowProps {
  cause: Cause;
  isNamed: boolean;
  isOpen: boolean;
  /** The largest one has the filled button of the screen. */
  isFirst: boolean;
  onToggle: () => void;
  onRepair: () => void;
}

export function CauseRow({ cause, isNamed, isOpen, isFirst, onToggle, onRepair }: CauseRowProps) {
  const { incidents: text } = useText(TEXTS);
  const { formats } = useTimes();
  const content = useId();
  const step = useStepName(cause.workflow_id, isNamed ? cause.state : null) || (cause.state ?? "");
  const title = text.causes[cause.kind](step);
  return (
    <li className={styles.cause}>
      <div className={styles.causeHead}>
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={isOpen}
          aria-controls={content}
          aria-label={text.executionsOf(title)}
          onClick={onToggle}
        >
          <Icon name={isOpen ? "down" : "right"} size={16} />
        </button>
        <span className={styles.number}>{formats.number(cause.executions)}</span>
        <div className={styles.words}>
          <h3 className={styles.title}>
            {title} <code className={styles.code}>{cause.code}</code>
          </h3>
          <p className={styles.hint}>{cause.workflow_name ?? text.noWorkflow}</p>
        </div>
        <Span cause={cause} />
        <RepairButton count={cause.executions} isFirst={isFirst} onRepair={onRepair} />
      </div>
      <div id={content}>{isOpen && <Incidents cause={cause} />}</div>
    </li>
  );
}

function Span({ cause: { first_on, last_on } }: { cause: Cause }) {
  const { incidents: text } = useText(TEXTS);
  const { formats, now } = useTimes();
  const isOne = first_on === last_on;
  return (
    <p className={styles.span}>
      <span>{isOne ? formats.short(first_on, now) : text.first(formats.short(first_on, now))}</span>
      {!isOne && <span className={styles.hint}>{text.last(formats.short(last_on, now))}</span>}
    </p>
  );
}

function RepairButton({ count, isFirst, onRepair }: { count: number; isFirst: boolean; onRepair: () => void }) {
  const { incidents: text } = useText(TEXTS);
  const { needsPermission } = useText(SHARED);
  const mayRepair = useMay("repair");
  const button = (
    <Button
      appearance={isFirst ? "primary" : "secondary"}
      icon={<Icon name="repeat" size={16} />}
      disabledFocusable={!mayRepair}
      onClick={onRepair}
    >
      {text.repair(count)}
    </Button>
  );
  if (mayRepair) return button;
  return (
    <Tooltip content={needsPermission("repair")} relationship="description">
      {button}
    </Tooltip>
  );
}

function Incidents({ cause }: { cause: Cause }) {
  const { incidents: text } = useText(TEXTS);
  const { needsPermission } = useText(SHARED);
  const mayRead = useMay("read.payloads");
  const columns = columnsOf(text).filter(({ id }) => mayRead || id !== "message");
  const query = useInfiniteQuery(incidentsQuery(useApi(), incidentFilterOf(cause)));
  return (
    <div className={styles.rows}>
      <Pages query={query} empty={<p>{text.noneLeft}</p>}>
        {(items) => <DataTable label={text.executions} columns={columns} rows={items} keyOf={keyOf} />}
      </Pages>
      {!mayRead && (
        <p className={styles.hint}>
          {text.noMessages} {needsPermission("read.payloads")}
        </p>
      )}
      <Link to="/executions" search={historySearchOf(cause)} className={styles.all}>
        {text.showAll}
      </Link>
    </div>
  );
}

function keyOf({ incident_id }: OpenIncident): string {
  return incident_id;
}

type IncidentsText = ReturnType<typeof useText<(typeof TEXTS)["en"]>>["incidents"];

function columnsOf(text: IncidentsText): Column<OpenIncident>[] {
  return [
    {
      id: "process",
      head: text.processId,
      cell: ({ workflow_execution_id, process_id }) => (
        <Link to="/executions/$executionId" params={{ executionId: workflow_execution_id }} preload={false}>
          {process_id}
        </Link>
      ),
    },
    { id: "since", head: text.since, cell: ({ opened_on }) => <Time at={opened_on} /> },
    { id: "version", head: text.version, cell: ({ workflow_version }) => workflow_version, isRight: true },
    { id: "message", head: text.message, cell: ({ message }) => message, isCut: true },
  ];
}

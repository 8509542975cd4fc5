/** The selected step: its visits and attempts, and what it received and gave. */

import { Link } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { byStep, isOpen, TONES, type Visit } from "../../graph/log/visits";
import { stepIcon } from "../../graph/StepNode";
import { TYPE_NAMES } from "../../graph/type-names";
import { Chip } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { Scroller } from "../../kit/Scroller";
import { useVirtualRows } from "../../kit/virtual";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { withInstants } from "../log/instants";
import { TEXTS } from "../text";
import { Attempts } from "./Attempts";
import type { SideProps } from "./moment";
import styles from "./Step.module.css";
import { ValuesOf } from "./ValuesOf";
import { WaitingFor } from "./WaitingFor";

const ROW = 32;
/** From the worst, so that failures lie on top of ten thousand items. */
const FIRST = ["failed", "parked", "retry", "running", "waiting", "caught"];

export function StepPanel({ row, outline, folded, visit, step: id, isNow, onVisit }: SideProps) {
  const text = useText(TEXTS);
  const names = useText(TYPE_NAMES);
  const step = id === null ? undefined : outline.steps.get(id);
  if (step === undefined && visit === null) return <p className={styles.quietBlock}>{text.chooseStep}</p>;
  const visits = byStep(folded.visits).get(step?.id ?? visit?.step ?? "") ?? [];
  return (
    <>
      <header className={styles.stepHead}>
        <span className={styles.tile}>
          <Icon name={stepIcon(step?.type ?? "")} />
        </span>
        <div className={styles.grow}>
          <h2 className={styles.stepName}>{step?.name ?? visit?.step}</h2>
          <p className={styles.quiet}>
            {step !== undefined && (names[step.type] ?? step.type)} <code>{step?.id ?? visit?.step}</code>
            {visit !== null && visits.length > 1 && ` · ${text.visitOf(visit.visit, visit.scope)}`}
          </p>
        </div>
        {visit !== null && <Chip tone={TONES[visit.state]}>{text.visitStates[visit.state]}</Chip>}
      </header>
      {visits.length > 1 && <Visits visits={visits} selected={visit} onVisit={onVisit} />}
      {visit === null ? (
        <p className={styles.quietBlock}>{text.notReachedYet}</p>
      ) : (
        <>
          <VisitFacts visit={visit} />
          {visit.attempts.length > 0 && <Attempts attempts={visit.attempts} />}
          {isWaiting(visit) && <WaitingFor row={row} isNow={isNow} visit={visit} />}
          {hasValues(visit) && <ValuesOf executionId={row.workflow_execution_id} visit={visit} key={visit.address} />}
        </>
      )}
    </>
  );
}

/** Whether it waits for people or a call: a pause ends by itself, and a child has a page of its own. */
function isWaiting({ state, child, who, until, attempts, items }: Visit): boolean {
  return (
    state === "waiting" &&
    child === null &&
    items === null &&
    attempts.length === 0 &&
    (who.length > 0 || until === null)
  );
}

/** What waits has no values before it is answered. */
function hasValues({ state, inputAt, outputAt }: Visit): boolean {
  return state !== "waiting" || inputAt !== null || outputAt !== null;
}

function VisitFacts({ visit }: { visit: Visit }) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const took = visit.endedOn === null || isOpen(visit) ? null : visit.endedOn - visit.startedOn;
  return (
    <dl className={styles.visitFacts}>
      <div>
        <dt>{text.started}</dt>
        <dd>{formats.instant(visit.startedOn)}</dd>
      </div>
      {took !== null && (
        <div>
          <dt>{text.took}</dt>
          <dd>{text.duration(took)}</dd>
        </div>
      )}
      {visit.until !== null && !isWaiting(visit) && (
        <div>
          <dt>{text.until}</dt>
          <dd>{formats.short(visit.until, now)}</dd>
        </div>
      )}
      {visit.state === "parked" && visit.system !== null && (
        <div>
          <dt>{text.system}</dt>
          <dd>
            {visit.system.name}
            <p className={styles.quiet}>{withInstants(visit.system.reason, formats.instant)}</p>
          </dd>
        </div>
      )}
      {visit.who.length > 0 && !isWaiting(visit) && (
        <div>
          <dt>{text.asked}</dt>
          <dd>{visit.who.join(", ")}</dd>
        </div>
      )}
      {visit.exit !== null && visit.exit !== "next" && (
        <div>
          <dt>{text.exit}</dt>
          <dd>{visit.exit}</dd>
        </div>
      )}
      {visit.error !== null && visit.attempts.length === 0 && (
        <div>
          <dt>{text.error}</dt>
          <dd className={styles.bad}>
            {visit.error.status || visit.error.code} {visit.error.message}
          </dd>
        </div>
      )}
      {visit.by !== null && (
        <div>
          <dt>{text.endedBy}</dt>
          <dd>{visit.by}</dd>
        </div>
      )}
      {visit.child !== null && (
        <div>
          <dt>{text.child}</dt>
          <dd>
            <Link to="/executions/$executionId" params={{ executionId: visit.child.executionId }}>
              {text.openChild}
            </Link>
          </dd>
        </div>
      )}
    </dl>
  );
}

interface VisitsProps {
  visits: readonly Visit[];
  selected: Visit | null;
  onVisit: (visit: Visit) => void;
}

/** All visits of a step: of a loop, or one for each item. */
function Visits({ visits, selected, onVisit }: VisitsProps) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const scroll = useRef<HTMLDivElement>(null);
  const sorted = useMemo(() => worstFirst(visits), [visits]);
  const rows = useVirtualRows(scroll, ROW, sorted.length);
  return (
    <div>
      <p className={styles.counts}>{text.visitCounts(countsOf(sorted))}</p>
      <Scroller box={scroll} label={text.visits} className={styles.visits} onScroll={rows.onScroll}>
        <div style={{ height: rows.above }} />
        {sorted.slice(rows.from, rows.to).map((visit) => (
          <button
            key={visit.address}
            type="button"
            className={styles.visit}
            aria-pressed={visit.address === selected?.address}
            onClick={() => onVisit(visit)}
          >
            <Chip tone={TONES[visit.state]}>{text.visitStates[visit.state]}</Chip>
            <span className={styles.grow}>{text.visitOf(visit.visit, visit.scope)}</span>
            <span className={styles.quiet}>{formats.precise(visit.startedOn)}</span>
          </button>
        ))}
        <div style={{ height: rows.below }} />
      </Scroller>
    </div>
  );
}

/** Returns visits from the worst, each kind as it was: without a comparison of ten thousand with each other. */
function worstFirst(visits: readonly Visit[]): Visit[] {
  const kinds: Visit[][] = [...FIRST, ""].map(() => []);
  for (const visit of visits) {
    const at = FIRST.indexOf(visit.state);
    kinds[at === -1 ? FIRST.length : at]?.push(visit);
  }
  return kinds.flat();
}

function countsOf(visits: readonly Visit[]): ReadonlyMap<Visit["state"], number> {
  const counts = new Map<Visit["state"], number>();
  for (const { state } of visits) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

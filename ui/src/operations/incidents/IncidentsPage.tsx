/** What has stopped, by cause: 200 failures of one outage are one row, and are repaired as one. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type Cause, causesQuery, targetsQuery } from "../../api/queries/operations/operations";
import { Answer } from "../../kit/Answer";
import { useLive } from "../../kit/live";
import { Note } from "../../kit/Note";
import { Empty } from "../../kit/states/Empty";
import { useText } from "../../text/language";
import { BulkDialog } from "../bulks/BulkDialog";
import { TEXTS } from "../text";
import { Beside } from "./Beside";
import { CauseRow } from "./CauseRow";
import { bulkFilterOf, keyOfCause } from "./cause";
import { Figures } from "./Figures";
import styles from "./Incidents.module.css";

/** The names of steps are read for so many causes; the others show ids. */
const NAMED = 30;

export function IncidentsPage() {
  const query = useQuery(causesQuery(useApi()));
  useLive(query.refetch);
  return (
    <>
      <Figures causes={query.data?.count ?? 0} />
      <div className={styles.panes}>
        <div>
          <Answer query={query} rows={6}>
            {({ items, truncated }) => <Causes causes={items} isShort={truncated === true} />}
          </Answer>
        </div>
        <Beside />
      </div>
    </>
  );
}

function Causes({ causes, isShort }: { causes: readonly Cause[]; isShort: boolean }) {
  const { incidents: text } = useText(TEXTS);
  const { open } = useSearch({ from: "/shell/operations/incidents" });
  const navigate = useNavigate();
  const [repairing, setRepairing] = useState<Cause | null>(null);
  const toggle = (key: string): void =>
    void navigate({ to: "/operations/incidents", search: open === key ? {} : { open: key }, replace: true });
  return (
    <>
      <Outages />
      {causes.length === 0 ? (
        <Empty icon="done" title={text.empty}>
          {text.emptyHint}
        </Empty>
      ) : (
        <>
          <h2 className={styles.heading}>{text.byCause}</h2>
          <ul className={styles.causes} aria-label={text.byCause} data-still>
            {causes.map((cause, at) => (
              <CauseRow
                key={keyOfCause(cause)}
                cause={cause}
                isNamed={at < NAMED}
                isOpen={open === keyOfCause(cause)}
                isFirst={at === 0}
                onToggle={() => toggle(keyOfCause(cause))}
                onRepair={() => setRepairing(cause)}
              />
            ))}
          </ul>
          {isShort && <p role="status">{text.more}</p>}
        </>
      )}
      {repairing !== null && (
        <BulkDialog
          selection={{ filter: bulkFilterOf(repairing) }}
          title={text.repairTitle(repairing.workflow_name ?? text.noWorkflow, repairing.code)}
          onClose={() => setRepairing(null)}
        />
      )}
    </>
  );
}

/** Systems that are down: what waits for them has not failed. */
function Outages() {
  const { incidents: text } = useText(TEXTS);
  const stopped = useQuery(targetsQuery(useApi())).data?.items.filter(({ state }) => state !== "UP") ?? [];
  if (stopped.length === 0) return null;
  return (
    <div className={styles.note}>
      <Note tone="warning">
        {text.outages(stopped.map(({ target }) => target).join(", "))}{" "}
        <Link to="/operations/systems">{text.toSystems}</Link>
      </Note>
    </div>
  );
}

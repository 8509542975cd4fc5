/** The systems that are not called as usual: what waits for each, and how it continues. */

import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type Target, targetsQuery } from "../../api/queries/operations/operations";
import { Answer } from "../../kit/Answer";
import { Chip, type Tone } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { Icon } from "../../kit/icons";
import { Empty } from "../../kit/states/Empty";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { Time, useTimes } from "../../text/time";
import styles from "../operations.module.css";
import { TEXTS } from "../text";
import { DrainDialog } from "./DrainDialog";
import { PauseDialog } from "./PauseDialog";
import { ReleaseDialog } from "./ReleaseDialog";

const TONES: Readonly<Record<Target["state"], Tone>> = {
  DOWN: "failed",
  PAUSED: "skipped",
  DRAINING: "retry",
  UP: "done",
};

type Open = { act: "pause" | "drain" | "release"; target: string };

export function SystemsPage() {
  const { systems: text } = useText(TEXTS);
  const query = useQuery(targetsQuery(useApi()));
  const mayRepair = useMay("repair");
  const [open, setOpen] = useState<Open | null>(null);
  const columns = useColumns(mayRepair, setOpen);
  const close = (): void => setOpen(null);
  return (
    <>
      <div className={styles.tools}>
        <p>{text.hint}</p>
        {mayRepair && (
          <Button icon={<Icon name="clock" size={16} />} onClick={() => setOpen({ act: "pause", target: "" })}>
            {text.pause}
          </Button>
        )}
      </div>
      <Answer query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="done" title={text.empty}>
              {text.emptyHint}
            </Empty>
          ) : (
            <DataTable label={text.label} columns={columns} rows={items} keyOf={({ target }) => target} />
          )
        }
      </Answer>
      {open?.act === "pause" && <PauseDialog target={open.target} onClose={close} />}
      {open?.act === "drain" && <DrainDialog target={open.target} onClose={close} />}
      {open?.act === "release" && <ReleaseDialog target={open.target} onClose={close} />}
    </>
  );
}

function useColumns(mayRepair: boolean, onOpen: (open: Open) => void): Column<Target>[] {
  const { systems: text } = useText(TEXTS);
  return [
    { id: "target", head: text.system, cell: ({ target }) => target },
    { id: "state", head: text.state, cell: ({ state }) => <Chip tone={TONES[state]}>{text.states[state]}</Chip> },
    { id: "since", head: text.since, cell: ({ since }) => since !== null && <Time at={since} /> },
    { id: "reason", head: text.reason, cell: (target) => <Reason target={target} /> },
    { id: "waiting", head: text.waiting, isRight: true, cell: (target) => <Waiting target={target} /> },
    { id: "next", head: text.next, cell: (target) => <Next target={target} /> },
    ...(mayRepair
      ? [
          {
            id: "act",
            head: "",
            isRight: true,
            cell: ({ target }: Target) => (
              <span className={styles.buttons}>
                <Button size="small" aria-label={text.drainOf(target)} onClick={() => onOpen({ act: "drain", target })}>
                  {text.drain}
                </Button>
                <Button
                  size="small"
                  aria-label={text.releaseOf(target)}
                  onClick={() => onOpen({ act: "release", target })}
                >
                  {text.release}
                </Button>
                <Button size="small" aria-label={text.pauseOf(target)} onClick={() => onOpen({ act: "pause", target })}>
                  {text.maintain}
                </Button>
              </span>
            ),
          },
        ]
      : []),
  ];
}

function Reason({ target: { reason, maintenance } }: { target: Target }) {
  const { systems: text } = useText(TEXTS);
  const { formats, now } = useTimes();
  return (
    <span className={styles.cell}>
      {reason}
      {maintenance !== null && (
        <small>
          {text.maintenance(formats.short(maintenance.from, now), formats.short(maintenance.until, now))}{" "}
          {maintenance.reason}
        </small>
      )}
    </span>
  );
}

/** How many calls wait; the number leads to their executions. */
function Waiting({ target: { target, waiting } }: { target: Target }) {
  const { systems: text } = useText(TEXTS);
  if (waiting === 0) return waiting;
  return (
    <Link to="/executions" search={{ q: [`waiting:${target}`] }} aria-label={text.waitingFor(waiting, target)}>
      {waiting}
    </Link>
  );
}

function Next({ target: { probe_on, rate } }: { target: Target }) {
  const { systems: text } = useText(TEXTS);
  const { formats, now } = useTimes();
  if (rate !== null) return text.atRate(rate);
  return probe_on !== null && text.probe(formats.short(probe_on, now));
}

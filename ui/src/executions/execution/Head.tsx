/** The head of the page: which execution, its status, and what can be done with the whole of it. */

import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger, Tooltip } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { ExecutionRow, Explanation } from "../../api/queries/executions/executions";
import { Chip } from "../../kit/Chip";
import { CopyButton } from "../../kit/CopyButton";
import { Icon } from "../../kit/icons";
import { useMay } from "../../session/session";
import { useCommands } from "../../shell/commands/commands";
import { TEXTS as SHELL } from "../../shell/text";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Time, useTimes } from "../../text/time";
import { EndDialog } from "../repair/EndDialog";
import { RerunDialog } from "../repair/RerunDialog";
import { isEnded, STATUS_TONES, shownStatus, titleOf } from "../status";
import { TEXTS } from "../text";
import styles from "./Execution.module.css";
import { useExecutionSearch } from "./use-search";

interface HeadProps {
  why: Explanation;
  onChanged: () => void;
}

export function Head({ why, onChanged }: HeadProps) {
  const text = useText(TEXTS);
  const { product } = useText(SHARED);
  const row = why.execution;
  const status = shownStatus(row);
  const title = titleOf(row);
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  return (
    <header className={styles.head}>
      <Link to="/executions" className={styles.up} aria-label={text.toHistory}>
        <Icon name="left" size={16} />
      </Link>
      <h1 className={styles.title}>{title}</h1>
      <CopyButton value={row.process_id} label={text.copyProcessId} />
      <Chip tone={STATUS_TONES[status]}>{text.statuses[status]}</Chip>
      <span className={styles.grow} />
      <Facts row={row} />
      <Acts row={row} onChanged={onChanged} />
    </header>
  );
}

function Facts({ row }: { row: ExecutionRow }) {
  const text = useText(TEXTS);
  const { now } = useTimes();
  const isOpen = row.ended_on === null;
  const mayRead = useMay("read.definitions");
  const version = text.versionOf(row.workflow_name, row.workflow_version);
  return (
    <dl className={styles.facts}>
      <div>
        <dt>{text.workflow}</dt>
        <dd>
          {mayRead ? (
            <Link to="/workflows/$workflowId" params={{ workflowId: row.workflow_id }} preload={false}>
              {version}
            </Link>
          ) : (
            version
          )}
        </dd>
      </div>
      {row.profile !== null && (
        <div>
          <dt>{text.profile}</dt>
          <dd>{row.profile}</dd>
        </div>
      )}
      <div>
        <dt>{text.started}</dt>
        <dd>
          <Time at={row.created_on} />
        </dd>
      </div>
      <div>
        <dt>{isOpen ? text.openFor : text.took}</dt>
        <dd>{row.duration_ms === null ? text.openDuration(now - row.created_on) : text.duration(row.duration_ms)}</dd>
      </div>
    </dl>
  );
}

function Acts({ row, onChanged }: { row: ExecutionRow; onChanged: () => void }) {
  const text = useText(TEXTS);
  const [open, setOpen] = useState<"end" | "rerun" | null>(null);
  const mayRepair = useMay("repair");
  const mayEnd = useMay("execute");
  const [, change] = useExecutionSearch();
  const isOver = isEnded(row);
  const repair = (): void =>
    change({
      step: row.incident?.state ?? undefined,
      visit: undefined,
      scope: undefined,
      seq: undefined,
      tab: undefined,
    });
  const close = (): void => setOpen(null);
  useCommands(
    useHeadCommands({ row, mayEnd, mayRepair, onEnd: () => setOpen("end"), onRerun: () => setOpen("rerun") }),
  );
  return (
    <div className={styles.acts}>
      {row.incident !== null && (
        <Explained isAllowed={mayRepair} permission="repair">
          <Button icon={<Icon name="repeat" size={16} />} disabled={!mayRepair} onClick={repair}>
            {text.repair}
          </Button>
        </Explained>
      )}
      {!isOver && (
        <Explained isAllowed={mayEnd} permission="execute">
          <Button className={styles.danger} disabled={!mayEnd} onClick={() => setOpen("end")}>
            {text.terminate}
          </Button>
        </Explained>
      )}
      <InStudio row={row} />
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button icon={<Icon name="more" />} aria-label={text.more} />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem disabled={!mayRepair} onClick={() => setOpen("rerun")}>
              {text.rerun}
            </MenuItem>
            <MenuItem onClick={() => void navigator.clipboard.writeText(window.location.href)}>
              {text.copyLink}
            </MenuItem>
            <MenuItem onClick={() => void navigator.clipboard.writeText(row.workflow_execution_id)}>
              {text.copyExecutionId}
            </MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
      {open === "end" && <EndDialog row={row} onClose={close} onDone={onChanged} />}
      {open === "rerun" && <RerunDialog row={row} onClose={close} />}
    </div>
  );
}

/** Leads to the version that runs, with the execution on its graph. */
function InStudio({ row }: { row: ExecutionRow }) {
  const text = useText(TEXTS);
  // Who may not read data sees no execution in the Studio.
  const mayReadData = useMay("read.payloads");
  const maySeeWorkflow = useMay("read.definitions") && mayReadData;
  if (!maySeeWorkflow) return null;
  return (
    <Link
      to="/workflows/$workflowId/v/$version"
      params={{ workflowId: row.workflow_id, version: String(row.workflow_version) }}
      search={{ execution: row.workflow_execution_id }}
      preload={false}
      className={styles.inStudio}
    >
      {text.openInStudio}
    </Link>
  );
}

/** A button that is disabled says why. */
function Explained({ isAllowed, permission, children }: ExplainedProps) {
  const { needsPermission } = useText(SHARED);
  if (isAllowed) return children;
  return (
    <Tooltip content={needsPermission(permission)} relationship="description">
      <span>{children}</span>
    </Tooltip>
  );
}

interface ExplainedProps {
  isAllowed: boolean;
  permission: string;
  children: React.ReactElement;
}

interface HeadCommands {
  row: ExecutionRow;
  mayEnd: boolean;
  mayRepair: boolean;
  onEnd: () => void;
  onRerun: () => void;
}

function useHeadCommands({ row, mayEnd, mayRepair, onEnd, onRerun }: HeadCommands) {
  const text = useText(TEXTS);
  const group = useText(SHELL).groups.here;
  return [
    ...(mayEnd && !isEnded(row)
      ? [{ id: "end", group, text: text.terminate, icon: "ended", run: onEnd } as const]
      : []),
    ...(mayRepair ? [{ id: "rerun", group, text: text.rerun, icon: "repeat", run: onRerun } as const] : []),
  ];
}

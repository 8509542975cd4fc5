/** The frame of one workflow: its name, what can be done with it, its parts. */

import { Button } from "@fluentui/react-components";
import { Link, Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { Chip } from "../kit/Chip";
import { Icon } from "../kit/icons";
import { Page } from "../kit/Page";
import { Loading } from "../kit/states/Loading";
import { Problem } from "../kit/states/Problem";
import { type Tab, Tabs } from "../kit/Tabs";
import { Guarded, GuardedButton } from "../session/Guarded";
import { useMay } from "../session/session";
import { useText } from "../text/language";
import { useOpenStudio } from "./StudioLink";
import { TEXTS } from "./text";
import { useVersions, useVersionsQuery, useWorkflowId, type Versions } from "./versions";
import styles from "./workflows.module.css";

const ActivationSheet = lazy(async () => ({
  default: (await import("./activation/ActivationSheet")).ActivationSheet,
}));
const RunDialog = lazy(async () => ({ default: (await import("./overview/RunDialog")).RunDialog }));

const TABS = [
  { id: "overview", to: "/workflows/$workflowId" },
  { id: "compare", to: "/workflows/$workflowId/compare" },
  { id: "profiles", to: "/workflows/$workflowId/profiles" },
  { id: "settings", to: "/workflows/$workflowId/settings" },
] as const satisfies readonly (Omit<Tab, "text"> & { id: string })[];

export function WorkflowPage() {
  return (
    <Guarded permission="read.definitions">
      <Workflow />
    </Guarded>
  );
}

function Workflow() {
  const { frame: text, codes } = useText(TEXTS);
  const query = useVersionsQuery(useWorkflowId());
  const versions = useVersions();
  const tabs = TABS.map(({ id, to }) => ({ to, text: text.tabs[id] }));
  if (versions === null) {
    return (
      <Page title={text.title}>
        {query.error === null ? (
          <Loading rows={6} />
        ) : (
          <Problem error={query.error} words={codes} onRetry={() => void query.refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={versions.newest.name}
      aside={<Status versions={versions} />}
      actions={<Actions versions={versions} />}
      tabs={<Tabs label={versions.newest.name} tabs={tabs} />}
    >
      <Outlet />
    </Page>
  );
}

function Status({ versions: { active, draft } }: { versions: Versions }) {
  const { list: text } = useText(TEXTS);
  return (
    <span className={styles.chips}>
      {active === null ? (
        <Chip tone="idle">{text.neverActive}</Chip>
      ) : (
        <Chip tone="done">{text.active(active.version)}</Chip>
      )}
      {draft !== null && <Chip tone="skipped">{text.draft(draft.version)}</Chip>}
    </span>
  );
}

function Actions({ versions: { active, draft, newest } }: { versions: Versions }) {
  const { frame: text } = useText(TEXTS);
  const workflowId = useWorkflowId();
  const openStudio = useOpenStudio();
  const mayRead = useMay("read.executions");
  const [open, setOpen] = useState<"run" | "activate" | null>(null);
  const close = (): void => setOpen(null);
  return (
    <span className={styles.buttons}>
      {mayRead && (
        <Link to="/executions" search={{ workflow: [workflowId] }} preload={false}>
          {text.executions}
        </Link>
      )}
      <GuardedButton permission="execute" icon={<Icon name="play" size={16} />} onClick={() => setOpen("run")}>
        {text.run}
      </GuardedButton>
      {draft !== null && (
        <GuardedButton permission="activate" onClick={() => setOpen("activate")}>
          {text.activate(draft.version)}
        </GuardedButton>
      )}
      <Button appearance="primary" onClick={() => openStudio(workflowId, newest.version)}>
        {draft === null ? text.open : text.edit}
      </Button>
      <Suspense>
        {open === "run" && (
          <RunDialog workflowId={workflowId} name={newest.name} version={active ?? newest} onClose={close} />
        )}
        {open === "activate" && draft !== null && (
          <ActivationSheet workflowId={workflowId} version={draft.version} onClose={close} />
        )}
      </Suspense>
    </span>
  );
}

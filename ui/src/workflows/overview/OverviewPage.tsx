/** One workflow at a glance: what it does, what starts it, how it does, what it is made of and who depends on it. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { type Workflow, workflowQuery } from "../../api/queries/workflows/workflows";
import { Answer } from "../../kit/Answer";
import { Note } from "../../kit/Note";
import { Section } from "../../kit/Page";
import { UsedBy } from "../../kit/uses/UsedBy";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { DefinitionGraph } from "../graph/DefinitionGraph";
import { TEXTS } from "../text";
import { isScheduled, triggerOf } from "../trigger";
import { useVersions, useWorkflowId, type Versions } from "../versions";
import styles from "../workflows.module.css";
import { Called } from "./Called";
import { Names } from "./Names";
import { Numbers } from "./Numbers";
import layout from "./overview.module.css";
import { ProfileList } from "./ProfileList";
import { ScheduleBox } from "./ScheduleBox";
import { VersionList } from "./VersionList";

export function OverviewPage() {
  const versions = useVersions();
  return versions === null ? null : <Shown key={versions.newest.version} versions={versions} />;
}

function Shown({ versions }: { versions: Versions }) {
  const { codes } = useText(TEXTS);
  const api = useApi();
  const { version } = versions.active ?? versions.newest;
  const workflowId = useWorkflowId();
  const query = useQuery(workflowQuery(api, workflowId, version));
  return (
    <Answer query={query} words={codes} rows={8}>
      {({ item }) => <Overview workflow={item} versions={versions} />}
    </Answer>
  );
}

function Overview({ workflow, versions }: { workflow: Workflow; versions: Versions }) {
  const { overview: text } = useText(TEXTS);
  const mayRead = useMay("read.executions");
  const trigger = triggerOf(workflow.workflow_steps);
  const { workflow_id: workflowId, workflow_version: version } = workflow;
  return (
    <div className={layout.columns}>
      <div className={styles.stack}>
        <p className={layout.description}>{workflow.description || text.noDescription}</p>
        {versions.active === null && <Note tone="info">{text.neverActive}</Note>}
        <DefinitionGraph steps={workflow.workflow_steps} connections={workflow.workflow_connections} />
        {mayRead && <Numbers workflowId={workflowId} />}
        <VersionList versions={versions} />
      </div>
      <div className={styles.stack}>
        {isScheduled(trigger) ? (
          <ScheduleBox workflowId={workflowId} version={version} schedule={trigger.schedule} />
        ) : (
          <Called workflowId={workflowId} version={version} isActive={versions.active !== null} />
        )}
        <Section title={text.names}>
          <Names workflow={workflow} />
        </Section>
        <ProfileList workflowId={workflowId} />
        <UsedBy kind="workflow" name={workflowId} />
      </div>
    </div>
  );
}

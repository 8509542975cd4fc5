/** What the activation of a version changes, before it is done: findings, changes, fires, open executions, callers. */

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { type ActivationPreview, activationQuery } from "../../api/queries/workflows/activation";
import { Answer } from "../../kit/Answer";
import { Problem } from "../../kit/states/Problem";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { TEXTS } from "../text";
import styles from "./activation.module.css";
import { Callers } from "./Callers";
import { Changes } from "./Changes";
import { Done } from "./Done";
import { Findings } from "./Findings";
import { OpenExecutions } from "./OpenExecutions";
import { ScheduleChange } from "./ScheduleChange";
import { useActivate } from "./use-activate";
import { useSteps } from "./use-steps";

export interface ActivationSheetProps {
  workflowId: string;
  version: number;
  onClose: () => void;
  /** The version is active now. */
  onActivated?: () => void;
  /** Shows the place of a finding, such as a step in the Studio; without it findings are only read. */
  onShow?: (path: string) => void;
}

export function ActivationSheet({ workflowId, version, onClose, onActivated, onShow }: ActivationSheetProps) {
  const { activation: text, codes } = useText(TEXTS);
  const shared = useText(SHARED);
  const query = useQuery(activationQuery(useApi(), workflowId, version));
  const [isMoving, setIsMoving] = useState(false);
  const activate = useActivate(workflowId, version, onActivated);
  const preview = query.data?.item;
  const isDone = activate.data !== undefined;
  const submit = (): void =>
    activate.mutate({ moved: isMoving && preview !== undefined ? safeOf(preview) : [], reason: text.reason(version) });
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle>{text.title(version)}</DialogTitle>
          <DialogContent className={styles.content}>
            {activate.data !== undefined ? (
              <Done version={version} moved={activate.data} />
            ) : (
              <Answer query={query} words={codes} rows={8}>
                {({ item }) => (
                  <Preview
                    preview={item}
                    isMoving={isMoving}
                    onMoving={setIsMoving}
                    {...(onShow !== undefined && { onShow })}
                  />
                )}
              </Answer>
            )}
            {activate.error !== null && <Problem error={activate.error} words={codes} shape="bar" />}
          </DialogContent>
          <DialogActions fluid>
            <Button onClick={onClose}>{isDone ? shared.close : shared.cancel}</Button>
            {!isDone && (
              <GuardedButton
                permission="activate"
                appearance="primary"
                disabled={activate.isPending || preview === undefined || preview.errors.length > 0}
                onClick={submit}
              >
                {verbOf(preview, version, text)}
              </GuardedButton>
            )}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

interface Words {
  verb: (version: number) => string;
  blocked: (count: number) => string;
}

/** The button says why it cannot be pressed. */
function verbOf(preview: ActivationPreview | undefined, version: number, text: Words): string {
  const problems = preview?.errors.length ?? 0;
  return problems > 0 ? text.blocked(problems) : text.verb(version);
}

function safeOf({ migration }: ActivationPreview): string[] {
  return migration.items.filter(({ verdict }) => verdict === "SAFE").map((item) => item.workflow_execution_id);
}

interface PreviewProps {
  preview: ActivationPreview;
  isMoving: boolean;
  onMoving: (isMoving: boolean) => void;
  onShow?: (path: string) => void;
}

function Preview({ preview, isMoving, onMoving, onShow }: PreviewProps) {
  const { activation: text } = useText(TEXTS);
  const { active_version: active, workflow_version: version } = preview;
  const steps = useSteps(preview.workflow_id, version);
  return (
    <>
      <p>{active === null ? text.first : text.replaces(active, version)}</p>
      <Findings
        errors={preview.errors}
        warnings={preview.warnings}
        steps={steps}
        {...(onShow !== undefined && { onShow })}
      />
      <Changes preview={preview} stepOf={steps.stepOf} />
      <ScheduleChange schedule={preview.schedule} />
      <OpenExecutions preview={preview} isMoving={isMoving} onMoving={onMoving} />
      <Callers callers={preview.callers} />
    </>
  );
}

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { OPERATIONS, schedulesQuery } from "../../api/queries/operations/operations";
import { WORKFLOWS, workflowFiresQuery } from "../../api/queries/workflows/workflows";
import { Answer } from "../../kit/Answer";
import { Chip } from "../../kit/Chip";
import { Confirm } from "../../kit/Confirm";
import { Icon } from "../../kit/icons";
import { Section } from "../../kit/Page";
import { scheduleText } from "../../kit/trigger/schedule-words";
import { TRIGGER_TEXTS } from "../../kit/trigger/text";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { Fires } from "../activation/Fires";
import { TEXTS } from "../text";
import styles from "../workflows.module.css";

interface ScheduleBoxProps {
  workflowId: string;
  version: number;
  schedule: unknown;
}

/** The schedule of a workflow: in words, its next fires, and its pause. */
export function ScheduleBox({ workflowId, version, schedule }: ScheduleBoxProps) {
  const { overview: text, list } = useText(TEXTS);
  const words = useText(TRIGGER_TEXTS);
  const api = useApi();
  const fires = useQuery(workflowFiresQuery(api, workflowId, version));
  const live = useQuery(schedulesQuery(api)).data?.items.find(({ workflow_id: id }) => id === workflowId);
  const [isAsked, setIsAsked] = useState(false);
  const isPaused = live?.status === "PAUSED";
  return (
    <Section title={text.schedule}>
      <p className={styles.chips}>
        {scheduleText(schedule, words)}
        {isPaused && <Chip tone="skipped">{list.paused}</Chip>}
        {live === undefined && <span className={styles.quiet}>{text.notLive}</span>}
      </p>
      {isPaused ? (
        <p className={styles.quiet}>{text.noFires}</p>
      ) : (
        <Answer query={fires} rows={2}>
          {({ items, timezone }) => <Fires items={items} timezone={timezone} label={text.nextFires} />}
        </Answer>
      )}
      {live !== undefined && (
        <div className={styles.buttons}>
          <GuardedButton
            permission="repair"
            icon={<Icon name={isPaused ? "play" : "clock"} size={16} />}
            onClick={() => setIsAsked(true)}
          >
            {isPaused ? text.play : text.pause}
          </GuardedButton>
        </div>
      )}
      {isAsked && (
        <ToggleDialog workflowId={workflowId} version={version} isPaused={isPaused} onClose={() => setIsAsked(false)} />
      )}
    </Section>
  );
}

interface ToggleDialogProps {
  workflowId: string;
  version: number;
  isPaused: boolean;
  onClose: () => void;
}

function ToggleDialog({ workflowId, version, isPaused, onClose }: ToggleDialogProps) {
  const { overview: text, codes } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const toggle = useMutation({
    mutationFn: () => {
      const action = isPaused ? ("PLAY" as const) : ("PAUSE" as const);
      return api.call("toggleScheduledWorkflow", { workflow_id: workflowId, workflow_version: version, action });
    },
    onSuccess: onClose,
    onSettled: () => Promise.all([OPERATIONS, WORKFLOWS].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
  return (
    <Confirm
      title={isPaused ? text.playTitle : text.pauseTitle}
      verb={isPaused ? text.play : text.pause}
      isBusy={toggle.isPending}
      error={toggle.error}
      words={codes}
      onConfirm={() => toggle.mutate()}
      onClose={onClose}
    >
      <p>{isPaused ? text.playHint : text.pauseHint}</p>
    </Confirm>
  );
}

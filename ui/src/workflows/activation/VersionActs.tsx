/** What is done with a whole draft where it is edited: compare it with another version, activate it. */

import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { TEXTS } from "../text";

const ActivationSheet = lazy(async () => ({ default: (await import("./ActivationSheet")).ActivationSheet }));

export interface VersionActsProps {
  workflowId: string;
  version: number;
  /** Whether the server has what is on the screen; only that is activated. */
  isSaved: boolean;
  /** Whether the activation was asked for from outside, by a key say. */
  isAsked: boolean;
  /** Takes note of that: the activation begins. */
  onAsked: () => void;
  /** Saves at once. */
  onSave: () => void;
}

export function VersionActs(props: VersionActsProps) {
  const { workflowId, version, isSaved, isAsked: isAskedOutside, onAsked, onSave } = props;
  const { frame, activation: text } = useText(TEXTS);
  const navigate = useNavigate();
  const [isAsked, setIsAsked] = useState(false);
  const [isActivated, setIsActivated] = useState(false);
  const params = { workflowId };
  const compare = (): void => {
    onSave();
    void navigate({ to: "/workflows/$workflowId/compare", params, search: { b: version } });
  };
  const ask = (): void => {
    onSave();
    setIsAsked(true);
  };
  useEffect(() => {
    if (!isAskedOutside) return;
    onSave();
    setIsAsked(true);
    onAsked();
  }, [isAskedOutside, onSave, onAsked]);
  const close = (): void => {
    setIsAsked(false);
    // A version that is active is no longer edited.
    if (isActivated) void navigate({ to: "/workflows/$workflowId", params });
  };
  return (
    <>
      <Button onClick={compare}>{frame.tabs.compare}</Button>
      <GuardedButton permission="activate" appearance="primary" onClick={ask}>
        {isAsked && !isSaved ? text.saving : text.verb(version)}
      </GuardedButton>
      <Suspense>
        {isAsked && (isSaved || isActivated) && (
          <ActivationSheet
            workflowId={workflowId}
            version={version}
            onClose={close}
            onActivated={() => setIsActivated(true)}
          />
        )}
      </Suspense>
    </>
  );
}

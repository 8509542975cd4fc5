/** Back to the step for which the card is designed, with the card in it. */

import { Button, Tooltip } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import type { Api } from "../../api/client";
import { useApi } from "../../api/context";
import { CallError } from "../../api/errors";
import type { CardVersion } from "../../api/queries/cards/cards";
import { Problem } from "../../kit/states/Problem";
import { isObject, type JsonObject } from "../../shared/http";
import { useText } from "../../text/language";
import type { Draft } from "../saving/use-draft";
import type { CardSearch } from "./address";
import styles from "./Designer.module.css";
import { TEXTS } from "./text";

interface Target {
  workflowId: string;
  version: number;
  step: string;
}

export function UseInStep({ draft, search }: { draft: Draft; search: CardSearch }) {
  const text = useText(TEXTS);
  const api = useApi();
  const router = useRouter();
  const { workflow_id: workflow, workflow_version: version, step } = search;
  const using = useMutation({
    mutationFn: async (target: Target) => {
      await draft.flush();
      return putCard(api, draft.status.getState().stored.card, target, text.longNumbers);
    },
    onSuccess: (saved, { workflowId, step: id }) =>
      router.history.push(`/app/workflows/${workflowId}/v/${saved}?step=${encodeURIComponent(id)}`),
  });
  if (workflow === undefined || version === undefined || step === undefined) return null;
  return (
    <>
      {using.error !== null && (
        <div className={styles.using}>
          <Problem error={using.error} words={text.codes} shape="bar" />
        </div>
      )}
      <Tooltip content={text.stepHint(step)} relationship="description">
        <Button disabled={using.isPending} onClick={() => using.mutate({ workflowId: workflow, version, step })}>
          {text.useInStep}
        </Button>
      </Tooltip>
    </>
  );
}

/** Puts the card into a step of the stored draft, and returns the version of the workflow that has it. */
async function putCard(api: Api, card: CardVersion, target: Target, longNumbers: string): Promise<number> {
  const named = { workflow_id: target.workflowId, workflow_version: target.version };
  const [{ definition }, { item }] = await Promise.all([
    api.call("exportWorkflow", named),
    api.call("getWorkflowById", named),
  ]);
  if (!isObject(definition)) throw new CallError({ kind: "invalid", message: longNumbers });
  const next = withCard(definition, target.step, card);
  // A number that a browser cannot hold would be stored with other digits.
  if (hasLongNumbers(next)) throw new CallError({ kind: "invalid", message: longNumbers });
  const saved = await api.call("updateWorkflow", {
    ...named,
    modified_on: item.modified_on,
    incomplete: true,
    definition: next,
  });
  return saved.item.workflow_version;
}

/** Returns a definition in whose step a stored card is in place of another one. */
export function withCard(definition: JsonObject, step: string, { card_id, card_version }: CardVersion): JsonObject {
  const steps = Array.isArray(definition.workflow_steps) ? definition.workflow_steps : [];
  const changed = steps.map((each: unknown) => {
    if (!isObject(each) || each.id !== step) return each;
    const { card: _, ...settings } = isObject(each.settings) ? each.settings : {};
    return { ...each, settings: { ...settings, card_id, card_version } };
  });
  const { workflow_id: _id, workflow_version: _version, ...rest } = definition;
  return { ...rest, workflow_steps: changed };
}

const MOST_DIGITS = 15;

/** Returns whether a value has a number of more digits than JavaScript keeps. */
export function hasLongNumbers(value: unknown): boolean {
  if (typeof value === "number") return String(value).replace(/\D/g, "").length > MOST_DIGITS;
  if (Array.isArray(value)) return value.some(hasLongNumbers);
  return isObject(value) && Object.values(value).some(hasLongNumbers);
}

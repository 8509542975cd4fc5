/** How a workflow is started: by a call, or by a schedule. */

import { Segmented } from "../../../kit/fields/ChoiceField";
import { useInputs } from "../../../kit/fields/inputs";
import { membersOf, planOf } from "../../../kit/trigger/schedule";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { PANEL_TEXTS } from "../text";
import { CallAddress } from "./CallAddress";
import { DetectPayload } from "./DetectPayload";
import { ScheduleBuilder } from "./ScheduleBuilder";

const TYPES = ["REQUEST", "SCHEDULED"] as const;

export function TriggerParts({ edit }: { edit: StepEdit }) {
  const { fields, options } = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const { trigger_type: type, schedule } = edit.settings;
  // A schedule begins with what its form shows.
  const choose = (next: unknown): void => {
    const first = next === "SCHEDULED" && schedule === undefined ? { schedule: membersOf(planOf(undefined)) } : {};
    edit.set(["settings"], { ...edit.settings, trigger_type: next, ...first });
  };
  return (
    <>
      <Segmented
        {...edit.field(["trigger_type"], ...fields.triggerType)}
        options={TYPES.map((value) => ({ value, label: options[value] }))}
        onChange={choose}
      />
      {type !== "SCHEDULED" && <CallAddress edit={edit} />}
      {(type === "SCHEDULED" || schedule !== undefined) && <ScheduleBuilder edit={edit} />}
      {type !== "SCHEDULED" && <DetectPayload edit={edit} />}
      <Json {...edit.field(["schema"], ...fields.triggerSchema)} />
    </>
  );
}

/** When a workflow starts by itself, with a preview of the next starts. */

import { Checkbox, Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { ChoiceField, Segmented } from "../../../kit/fields/ChoiceField";
import { DurationField } from "../../../kit/fields/DurationField";
import { InstantField } from "../../../kit/fields/InstantField";
import { useInputs } from "../../../kit/fields/inputs";
import { NumberField } from "../../../kit/fields/NumberField";
import { Fold } from "../../../kit/folds/Fold";
import { membersOf, type Plan, planOf, WEEKDAYS } from "../../../kit/trigger/schedule";
import { TRIGGER_TEXTS } from "../../../kit/trigger/text";
import { isObject, textOf } from "../../../shared/http";
import { keysOf } from "../../../shared/keys";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";
import { SchedulePreview } from "./SchedulePreview";

const STARTS: Readonly<Record<Plan["kind"], Plan>> = {
  every: { kind: "every", every: "PT1H" },
  weekly: { kind: "weekly", days: ["MON", "TUE", "WED", "THU", "FRI"], hour: 7, minute: 0 },
  monthly: { kind: "monthly", day: 1, hour: 7, minute: 0 },
  cron: { kind: "cron", cron: "" },
};

export function ScheduleBuilder({ edit }: { edit: StepEdit }) {
  const { fields, schedule: text } = useText(PANEL_TEXTS);
  const { Json } = useInputs();
  const [isCron, setIsCron] = useState(false);
  const field = edit.field(["schedule"], ...fields.schedule);
  if (field.value !== undefined && !isObject(field.value)) return <Json {...field} />;
  const plan = isCron ? writtenCron(field.value) : planOf(field.value);
  const { every: _, cron: __, ...others } = field.value ?? {};
  const give = (next: Plan): void => {
    // An expression that is typed stays one, also while it reads as another form.
    setIsCron(next.kind === "cron");
    field.onChange({ ...membersOf(next), ...others });
  };
  return (
    <section className={styles.box} aria-label={field.label}>
      <Segmented
        label={field.label}
        name={`${field.name}/kind`}
        value={plan.kind}
        isReadOnly={edit.isReadOnly}
        options={keysOf(STARTS).map((value) => ({ value, label: text.kinds[value] }))}
        onChange={(next) => {
          // What the other forms say is shown as a cron expression on request.
          give(next === "cron" ? cronOf(plan) : STARTS[next as Plan["kind"]]);
        }}
      />
      <PlanFields edit={edit} plan={plan} onPlan={give} />
      <Terms edit={edit} />
      {field.value !== undefined && <SchedulePreview schedule={field.value} />}
    </section>
  );
}

/** Returns a plan as a cron expression; empty for one that is none. */
function cronOf(plan: Plan): Plan {
  return { kind: "cron", cron: membersOf(plan).cron ?? "" };
}

/** Returns the cron expression of a schedule as it is written. */
function writtenCron(schedule: unknown): Plan {
  return { kind: "cron", cron: (isObject(schedule) ? textOf(schedule.cron) : null) ?? "" };
}

interface PlanFieldsProps {
  edit: StepEdit;
  plan: Plan;
  onPlan: (plan: Plan) => void;
}

function PlanFields({ edit, plan, onPlan }: PlanFieldsProps) {
  const { schedule: text } = useText(PANEL_TEXTS);
  const { weekdays } = useText(TRIGGER_TEXTS);
  const shared = { name: `${edit.id}/schedule/plan`, isReadOnly: edit.isReadOnly };
  switch (plan.kind) {
    case "every":
      return (
        <DurationField
          {...shared}
          label={text.every}
          value={plan.every}
          onChange={(every) => onPlan({ kind: "every", every: typeof every === "string" ? every : "" })}
        />
      );
    case "cron":
      return (
        <Field label={text.cron} hint={text.cronHint}>
          <Input
            className={styles.code}
            autoComplete="off"
            readOnly={edit.isReadOnly}
            value={plan.cron}
            onChange={(_, { value }) => onPlan({ kind: "cron", cron: value })}
          />
        </Field>
      );
    case "weekly":
      return (
        <>
          <fieldset className={styles.row} aria-label={text.days}>
            {WEEKDAYS.map((day) => (
              <Checkbox
                key={day}
                label={weekdays[day]}
                disabled={edit.isReadOnly}
                checked={plan.days.includes(day)}
                onChange={(_, { checked }) =>
                  onPlan({ ...plan, days: checked ? [...plan.days, day] : plan.days.filter((each) => each !== day) })
                }
              />
            ))}
          </fieldset>
          <TimeOfDay edit={edit} plan={plan} onPlan={onPlan} />
        </>
      );
    case "monthly":
      return (
        <>
          <NumberField
            {...shared}
            label={text.dayOfMonth}
            value={plan.day}
            isWhole
            least={1}
            most={31}
            onChange={(day) => typeof day === "number" && onPlan({ ...plan, day })}
          />
          <TimeOfDay edit={edit} plan={plan} onPlan={onPlan} />
        </>
      );
  }
}

function TimeOfDay({ edit, plan, onPlan }: PlanFieldsProps & { plan: Extract<Plan, { hour: number }> }) {
  const { schedule: text } = useText(PANEL_TEXTS);
  const two = (value: number): string => String(value).padStart(2, "0");
  const set = (typed: string): void => {
    const [hour, minute] = typed.split(":").map(Number);
    if (hour !== undefined && minute !== undefined) onPlan({ ...plan, hour, minute });
  };
  return (
    <Field label={text.time}>
      <Input
        type="time"
        readOnly={edit.isReadOnly}
        value={`${two(plan.hour)}:${two(plan.minute)}`}
        onChange={(_, { value }) => set(value)}
      />
    </Field>
  );
}

function Terms({ edit }: { edit: StepEdit }) {
  const { fields, options, schedule: text } = useText(PANEL_TEXTS);
  const { Text } = useInputs();
  const zone = edit.field(["schedule", "timezone"], ...fields.timezone);
  const words = (names: readonly (keyof typeof options)[]) => names.map((value) => ({ value, label: options[value] }));
  return (
    <>
      <Text
        {...zone}
        value={typeof zone.value === "string" ? zone.value : ""}
        placeholder="Europe/Dublin"
        choices={Intl.supportedValuesOf("timeZone").map((value) => ({ value, label: value }))}
        onChange={(next) => zone.onChange(next === "" ? undefined : next)}
      />
      <Fold label={text.more}>
        <div className={styles.form}>
          <InstantField {...edit.field(["schedule", "start"], ...fields.scheduleStart)} />
          <InstantField {...edit.field(["schedule", "end"], ...fields.scheduleEnd)} />
          <DurationField {...edit.field(["schedule", "jitter"], ...fields.jitter)} unit="minutes" />
          <ChoiceField
            {...edit.field(["schedule", "overlap"], ...fields.overlap)}
            fallback="skip"
            options={words(["skip", "queue", "allow"])}
          />
          <ChoiceField
            {...edit.field(["schedule", "catch_up"], ...fields.catchUp)}
            fallback="last"
            options={words(["last", "none", "all"])}
          />
          <DurationField {...edit.field(["schedule", "catch_up_window"], ...fields.catchUpWindow)} fallback="PT1H" />
          <ChoiceField
            {...edit.field(["schedule", "dst"], ...fields.dst)}
            fallback="once"
            options={words(["once", "skipHour", "twice"]).map(({ value, label }) => ({
              value: value === "skipHour" ? "skip" : value,
              label,
            }))}
          />
        </div>
      </Fold>
    </>
  );
}

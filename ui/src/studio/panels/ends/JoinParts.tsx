import { ChoiceField } from "../../../kit/fields/ChoiceField";
import { NumberField } from "../../../kit/fields/NumberField";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { StepField } from "../form/StepField";
import { PANEL_TEXTS } from "../text";

const NUMBER = "number";

/** Whose branches meet here, and how many must arrive. */
export function JoinParts({ edit }: { edit: StepEdit }) {
  const { fields, options, people } = useText(PANEL_TEXTS);
  const count = edit.field(["for"], ...fields.joinFor);
  const isNumber = count.value !== undefined && typeof count.value !== "string";
  return (
    <>
      <StepField edit={edit} path={["of"]} words={fields.joinOf} types={["parallel"]} />
      <ChoiceField
        {...count}
        value={isNumber ? NUMBER : count.value}
        fallback="all"
        options={[
          { value: "all", label: options.all },
          { value: "any", label: options.any },
          { value: NUMBER, label: people.number },
        ]}
        onChange={(next) => count.onChange(next === NUMBER ? 2 : next)}
      />
      {isNumber && <NumberField {...edit.field(["for"], ...fields.joinCount)} isWhole least={1} />}
    </>
  );
}

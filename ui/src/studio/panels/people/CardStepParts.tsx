import { ChoiceField } from "../../../kit/fields/ChoiceField";
import { NumberField } from "../../../kit/fields/NumberField";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { StepField } from "../form/StepField";
import { PANEL_TEXTS } from "../text";
import { CardParts } from "./CardParts";

const NUMBER = "number";

/** For whom a card waits, which cards it changes, and the card. */
export function CardStepParts({ edit }: { edit: StepEdit }) {
  const { fields, options, people: text } = useText(PANEL_TEXTS);
  const { action = "send", wait, target } = edit.settings;
  const count = edit.field(["wait", "for"], ...fields.waitFor);
  const isNumber = count.value !== undefined && typeof count.value !== "string";
  return (
    <>
      {(action === "send" || wait !== undefined) && (
        <>
          <ChoiceField
            {...count}
            value={isNumber ? NUMBER : count.value}
            fallback="first"
            options={[
              { value: "first", label: options.first },
              { value: "all", label: options.everyone },
              { value: NUMBER, label: text.number },
            ]}
            onChange={(next) => count.onChange(next === NUMBER ? 2 : next)}
          />
          {isNumber && <NumberField {...edit.field(["wait", "for"], ...fields.quorumNumber)} isWhole least={1} />}
        </>
      )}
      {(action !== "send" || target !== undefined) && (
        <StepField edit={edit} path={["target"]} words={fields.cardTarget} types={["adaptiveCard", "approval"]} />
      )}
      {action !== "delete" && <CardParts edit={edit} />}
    </>
  );
}

/** Branches by a value: one comparison for all of them, and what each is compared with. */

import { ChoiceField } from "../../../kit/fields/ChoiceField";
import type { FieldProps } from "../../../kit/fields/field";
import { useInputs } from "../../../kit/fields/inputs";
import { BranchesField } from "../../../kit/fields/lists/BranchesField";
import { NumberField } from "../../../kit/fields/NumberField";
import { OPERATORS, operandOf } from "../../../kit/fields/rules/operators";
import { TEXTS as FIELD_TEXTS } from "../../../kit/fields/text";
import { keysOf } from "../../../shared/keys";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { PANEL_TEXTS } from "../text";
import { branchActs } from "./branches";

const NAMES = keysOf(OPERATORS);

export function ValueBranches({ edit }: { edit: StepEdit }) {
  const { fields } = useText(PANEL_TEXTS);
  const { operators, branches } = useText(FIELD_TEXTS);
  const acts = branchActs(edit);
  return (
    <>
      <ChoiceField
        {...edit.field(["operator"], ...fields.branchOperator)}
        isRequired
        options={NAMES.map((name) => ({ value: name, label: operators[name] }))}
      />
      <BranchesField
        label={fields.branches[0]}
        branches={edit.settings.branches}
        acts={acts}
        isReadOnly={edit.isReadOnly}
        hasStyle
      >
        {(branch, at) => (
          <BranchValue
            operator={edit.settings.operator}
            field={{
              ...edit.field(["branches", at, "value"], branches.value),
              onChange: (value) => acts.change(String(branch.id), { value }),
            }}
          />
        )}
      </BranchesField>
    </>
  );
}

function BranchValue({ operator, field }: { operator: unknown; field: FieldProps }) {
  const { Text, Json } = useInputs();
  const operand = operandOf(operator);
  const { value } = field;
  if (operand === "number") return <NumberField {...field} />;
  if ((operand === "text" || operand === "time") && (value === undefined || typeof value === "string")) {
    return <Text {...field} value={value ?? ""} expected="text" onChange={field.onChange} />;
  }
  return <Json {...field} />;
}

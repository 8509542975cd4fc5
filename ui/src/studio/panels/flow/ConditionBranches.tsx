import { BranchesField } from "../../../kit/fields/lists/BranchesField";
import { GroupsField } from "../../../kit/fields/rules/RulesField";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { PANEL_TEXTS } from "../text";
import { TryStep } from "../tries/TryStep";
import { branchActs } from "./branches";

/** Branches by conditions: the first whose conditions hold is taken. */
export function ConditionBranches({ edit }: { edit: StepEdit }) {
  const { fields } = useText(PANEL_TEXTS);
  const acts = branchActs(edit);
  return (
    <>
      <BranchesField
        label={fields.branchesInOrder[0]}
        branches={edit.settings.branches}
        acts={acts}
        isReadOnly={edit.isReadOnly}
      >
        {(branch, at) => (
          <GroupsField
            {...edit.field(["branches", at, "conditions"], ...fields.conditions)}
            onChange={(conditions) => acts.change(String(branch.id), { conditions })}
          />
        )}
      </BranchesField>
      <TryStep edit={edit} />
    </>
  );
}

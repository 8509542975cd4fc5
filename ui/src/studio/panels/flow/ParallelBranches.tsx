import { BranchesField } from "../../../kit/fields/lists/BranchesField";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import { PANEL_TEXTS } from "../text";
import { branchActs } from "./branches";

/** Branches that begin at once. */
export function ParallelBranches({ edit }: { edit: StepEdit }) {
  const { fields } = useText(PANEL_TEXTS);
  return (
    <BranchesField
      label={fields.parallelBranches[0]}
      branches={edit.settings.branches}
      acts={branchActs(edit)}
      isReadOnly={edit.isReadOnly}
    />
  );
}

/** What is done to the branches of a step: commands of the document, which their edges follow. */

import type { BranchActs } from "../../../kit/fields/lists/BranchesField";
import { addBranch, changeBranch, deleteBranch, moveBranch, renameBranch } from "../../document/commands/branches";
import type { StepEdit } from "../form/edit";

/** Returns what can be done with the branches of a step. */
export function branchActs({ id, attempt }: StepEdit): BranchActs {
  return {
    add: () => attempt((document) => addBranch(document, id)),
    rename: (branch, to) => attempt((document) => renameBranch(document, id, branch, to)),
    change: (branch, change) => attempt((document) => changeBranch(document, id, branch, change)),
    move: (branch, by) => attempt((document) => moveBranch(document, id, branch, by)),
    remove: (branch) => attempt((document) => deleteBranch(document, id, branch)),
  };
}

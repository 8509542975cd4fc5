import type { StepForm } from "../form/spec";
import { ConditionBranches } from "./ConditionBranches";

export const ADVANCED_CONDITIONAL: StepForm = { known: ["branches"], specs: [], After: ConditionBranches };

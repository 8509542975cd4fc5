import type { StepForm } from "../form/spec";
import { ParallelBranches } from "./ParallelBranches";

export const PARALLEL: StepForm = { known: ["branches"], specs: [], After: ParallelBranches };

import type { StepForm } from "../form/spec";
import { TriggerParts } from "./TriggerParts";

export const TRIGGER: StepForm = { known: ["trigger_type", "schema", "schedule"], specs: [], Before: TriggerParts };

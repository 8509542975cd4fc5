import type { StepForm } from "../form/spec";
import { Parameters } from "./Parameters";

export const OVERRIDE_PAYLOAD: StepForm = {
  known: ["parameters", "payload"],
  Before: Parameters,
  specs: [],
};

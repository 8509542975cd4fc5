import type { StepForm } from "../form/spec";
import { JoinParts } from "./JoinParts";

export const JOIN: StepForm = { known: ["of", "for"], specs: [], Before: JoinParts };

import type { Bulk } from "../../api/queries/operations/operations";
import type { Tone } from "../../kit/Chip";

export const BULK_TONES: Readonly<Record<Bulk["status"], Tone>> = {
  RUNNING: "running",
  DONE: "done",
  CANCELLED: "skipped",
};

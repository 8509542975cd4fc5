/** What the screen of schedules shows, as it is in the address. */

export interface SchedulesSearch {
  /** The workflow whose fires are shown below the table. */
  of?: string;
  show?: "calendar";
  /** A day of the week in the calendar, such as `2026-11-23`; without one it is the present week. */
  week?: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Returns the filter of the address of the list of schedules. */
export function schedulesSearch({ of, show, week }: Record<string, unknown>): SchedulesSearch {
  return {
    ...(typeof of === "string" && { of }),
    ...(show === "calendar" && { show }),
    ...(isDay(week) && { week }),
  };
}

function isDay(value: unknown): value is string {
  return typeof value === "string" && DAY.test(value) && Number.isFinite(Date.parse(value));
}

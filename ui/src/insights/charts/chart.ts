/** What charts show: the times of an axis, and series of values at these times. */

/** By the order of the tokens; the third one is for what went wrong. */
export type Color = "first" | "second" | "third" | "fourth";

/** The filters of the history to which a mark leads. */
export interface HistoryLink {
  workflow?: readonly string[];
  from?: string;
  to?: string;
}

/** One time of an axis. */
export interface Slot {
  id: string;
  /** In full, and as short as it is under an axis. */
  name: string;
  short: string;
  /** Null where no filter of the history finds what lies behind a mark. */
  search: HistoryLink | null;
}

export interface Series {
  name: string;
  color: Color;
  values: readonly number[];
}

export interface Line {
  name: string;
  color: Color;
  isDashed?: boolean;
  /** In ms; null where there is none. */
  values: readonly (number | null)[];
}

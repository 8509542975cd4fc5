/** The present and the reader's choice how times are shown, for all components of a tree. */

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { type Formats, formatsOf, type TimeStyle } from "./formats";
import { useLanguage } from "./language";

export type Clock = () => number;

interface Times {
  formats: Formats;
  style: TimeStyle;
  now: number;
}

const TimesContext = createContext<Times | null>(null);
const TICK_MS = 30_000;

/** Gives times to what is below. `now` moves on twice a minute, so that distances stay true. */
export function TimesProvider({ style, clock = Date.now, children }: TimesProps) {
  const language = useLanguage();
  const [now, setNow] = useState(clock);
  useEffect(() => {
    const timer = setInterval(() => setNow(clock()), TICK_MS);
    return () => clearInterval(timer);
  }, [clock]);
  const formats = useMemo(() => formatsOf(language, style === "utc" ? "UTC" : undefined), [language, style]);
  const value = useMemo(() => ({ formats, style, now }), [formats, style, now]);
  return <TimesContext value={value}>{children}</TimesContext>;
}

interface TimesProps {
  style: TimeStyle;
  clock?: Clock;
  children: ReactNode;
}

/** Returns how times are written for the reader. Throws without a `TimesProvider` above. */
export function useTimes(): Times {
  const times = useContext(TimesContext);
  if (times === null) throw new Error("useTimes needs a TimesProvider above");
  return times;
}

/** A time of the reader's style; the pointer shows it in full. */
export function Time({ at }: { at: number }) {
  const { formats, style, now } = useTimes();
  const text = style === "relative" ? formats.distance(at, now) : formats.short(at, now);
  return (
    <time dateTime={new Date(at).toISOString()} title={formats.instant(at)}>
      {text}
    </time>
  );
}

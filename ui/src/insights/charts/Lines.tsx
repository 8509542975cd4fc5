/** Durations over time as lines; a time without any is a gap. */

import { useRef } from "react";
import { durationText } from "../../text/durations";
import { useLanguage } from "../../text/language";
import styles from "./Charts.module.css";
import type { Line, Slot } from "./chart";
import { durationAxis, labelStep } from "./scale";
import { useWidth } from "./use-width";

const HEIGHT = 248;
const LEFT = 64;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 28;
const LABEL = 56;

interface LinesProps {
  /** What the picture shows, for who does not see it; the table has the values. */
  label: string;
  slots: readonly Slot[];
  lines: readonly Line[];
}

export function Lines({ label, slots, lines }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const language = useLanguage();
  const greatest = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const axis = durationAxis(greatest);
  const inner = HEIGHT - TOP - BOTTOM;
  const xOf = (at: number): number =>
    slots.length < 2 ? (LEFT + width - RIGHT) / 2 : LEFT + ((width - LEFT - RIGHT) * at) / (slots.length - 1);
  const yOf = (value: number): number => TOP + inner * (1 - value / axis.max);
  const every = labelStep(slots.length, width - LEFT, LABEL);
  return (
    <div ref={box} className={styles.box}>
      <svg width={width} height={HEIGHT} role="img" aria-label={label}>
        {axis.ticks.map((tick) => (
          <g key={tick} className={styles.tick}>
            <path d={`M${LEFT} ${yOf(tick)}H${width - RIGHT}`} />
            <text x={LEFT - 8} y={yOf(tick) + 4} textAnchor="end">
              {tick === 0 ? "0" : durationText(language, tick)}
            </text>
          </g>
        ))}
        {lines.map(({ name, color, isDashed, values }) => (
          <g key={name} className={`${styles.line} ${styles[color]} ${isDashed ? styles.dashed : ""}`}>
            <path d={pathOf(values, xOf, yOf)} />
            {!isDashed &&
              slots.map(({ id, name: time }, at) => {
                const value = values[at] ?? null;
                if (value === null) return null;
                return (
                  <circle key={id} cx={xOf(at)} cy={yOf(value)} r={3}>
                    <title>{`${time}: ${name} ${durationText(language, value)}`}</title>
                  </circle>
                );
              })}
          </g>
        ))}
        {slots.map(
          (slot, at) =>
            (slots.length - 1 - at) % every === 0 && (
              <text key={slot.id} x={xOf(at)} y={HEIGHT - 8} textAnchor={at === slots.length - 1 ? "end" : "middle"}>
                {slot.short}
              </text>
            ),
        )}
      </svg>
    </div>
  );
}

/** Returns the path of a line, with a new beginning after each gap. */
export function pathOf(
  values: readonly (number | null)[],
  xOf: (at: number) => number,
  yOf: (value: number) => number,
): string {
  let isOpen = false;
  const parts: string[] = [];
  for (const [at, value] of values.entries()) {
    if (value !== null) parts.push(`${isOpen ? "L" : "M"}${xOf(at).toFixed(1)} ${yOf(value).toFixed(1)}`);
    isOpen = value !== null;
  }
  return parts.join("");
}

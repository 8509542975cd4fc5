/** Counts over time as stacked columns. A column leads to what lies behind it. */

import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { useTimes } from "../../text/time";
import styles from "./Charts.module.css";
import type { Series, Slot } from "./chart";
import { countAxis, labelStep } from "./scale";
import { useMarks } from "./use-marks";
import { useWidth } from "./use-width";

const HEIGHT = 248;
const LEFT = 48;
const TOP = 12;
const BOTTOM = 28;
const LABEL = 56;
const GAP = 1;
const MOST_WIDE = 36;

/** A mark that leads nowhere. */
const VALUE = { role: "img", "data-mark": true };

interface ColumnsProps {
  label: string;
  slots: readonly Slot[];
  series: readonly Series[];
}

export function Columns({ label, slots, series }: ColumnsProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<SVGSVGElement>(null);
  const width = useWidth(box);
  const { formats } = useTimes();
  const marks = useMarks(chart, slots.length);
  const sums = slots.map((_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
  const axis = countAxis(Math.max(0, ...sums));
  const inner = HEIGHT - TOP - BOTTOM;
  const slotWidth = (width - LEFT) / Math.max(1, slots.length);
  const barWidth = Math.max(2, Math.min(MOST_WIDE, slotWidth * 0.66));
  const yOf = (value: number): number => TOP + inner * (1 - value / axis.max);
  const every = labelStep(slots.length, width - LEFT, LABEL);
  const textOf = (at: number): string =>
    `${slots[at]?.name ?? ""}: ${series.map(({ name, values }) => `${name} ${formats.number(values[at] ?? 0)}`).join(", ")}`;
  return (
    <div ref={box} className={styles.box}>
      {/* biome-ignore lint/a11y/useSemanticElements: a group of links of a drawing has no element */}
      <svg ref={chart} width={width} height={HEIGHT} role="group" aria-label={label} onKeyDown={marks.onKeyDown}>
        {axis.ticks.map((tick) => (
          <g key={tick} className={styles.tick}>
            <path d={`M${LEFT} ${yOf(tick)}H${width}`} />
            <text x={LEFT - 8} y={yOf(tick) + 4} textAnchor="end">
              {formats.number(tick)}
            </text>
          </g>
        ))}
        {slots.map((slot, at) => {
          const middle = LEFT + slotWidth * (at + 0.5);
          const mark = {
            "aria-label": textOf(at),
            tabIndex: at === marks.current ? 0 : -1,
            className: styles.mark,
            onFocus: () => marks.show(at),
            onMouseEnter: () => marks.show(at),
            children: (
              <>
                <title>{textOf(at)}</title>
                <rect className={styles.hit} x={middle - slotWidth / 2} y={TOP} width={slotWidth} height={inner} />
                <Stack series={series} at={at} x={middle - barWidth / 2} width={barWidth} yOf={yOf} />
              </>
            ),
          };
          // A value that leads nowhere is read by keys all the same.
          if (slot.search === null) return <g key={slot.id} {...mark} {...VALUE} />;
          return <Link key={slot.id} to="/executions" search={slot.search} preload={false} data-mark {...mark} />;
        })}
        {slots.map(
          (slot, at) =>
            (slots.length - 1 - at) % every === 0 && (
              <text key={slot.id} x={LEFT + slotWidth * (at + 0.5)} y={HEIGHT - 8} textAnchor="middle">
                {slot.short}
              </text>
            ),
        )}
      </svg>
      <p className={styles.readout}>{slots.length > 0 && textOf(marks.current)}</p>
    </div>
  );
}

interface StackProps {
  series: readonly Series[];
  at: number;
  x: number;
  width: number;
  yOf: (value: number) => number;
}

function Stack({ series, at, x, width, yOf }: StackProps) {
  let below = 0;
  return series.map(({ name, color, values }) => {
    const value = values[at] ?? 0;
    const [from, to] = [yOf(below), yOf(below + value)];
    below += value;
    if (value === 0) return null;
    return (
      <rect
        key={name}
        className={styles[color]}
        x={x}
        y={to}
        width={width}
        height={Math.max(1, from - to - GAP)}
        rx={2}
      />
    );
  });
}

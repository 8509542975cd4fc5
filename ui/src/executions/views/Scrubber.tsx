/** The history of an execution as a slider: everything on the page is shown as it was after the chosen event. */

import { Button, Tooltip } from "@fluentui/react-components";
import { memo, useEffect, useState } from "react";
import { isFailure, type LogEntry } from "../../graph/log/entry";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import styles from "./Views.module.css";

const PLAY_MS = 100;
/** More marks than these cannot be distinguished. */
const MOST_MARKS = 120;

interface ScrubberProps {
  entries: readonly LogEntry[];
  /** How many of them are shown. */
  count: number;
  /** Shows a moment among many that follow each other; undefined: now. */
  onSlide: (seq: number | undefined) => void;
  /** Shows a moment that was chosen by itself. */
  onChoose: (seq: number | undefined) => void;
}

export function Scrubber({ entries, count, onSlide, onChoose }: ScrubberProps) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const [isPlaying, setIsPlaying] = useState(false);
  const seqOf = (next: number): number | undefined =>
    next >= entries.length ? undefined : entries[Math.max(0, next - 1)]?.seq;
  const choose = (next: number): void => onChoose(seqOf(next));
  const slide = (next: number): void => onSlide(seqOf(next));
  usePlay(isPlaying, count, entries.length, slide, () => setIsPlaying(false));
  const shown = entries[count - 1];
  const isNow = count >= entries.length;
  const play = (): void => {
    if (!isPlaying && isNow) slide(1);
    setIsPlaying(!isPlaying);
  };
  return (
    <section className={styles.scrubber} aria-label={text.moment}>
      <Step label={text.before} icon="left" isDisabled={count <= 1} onClick={() => choose(count - 1)} />
      <Step label={isPlaying ? text.pause : text.play} icon={isPlaying ? "minus" : "play"} onClick={play} />
      <Step label={text.after} icon="right" isDisabled={isNow} onClick={() => choose(count + 1)} />
      <div className={styles.track}>
        <Marks entries={entries} />
        <input
          type="range"
          min={1}
          max={Math.max(1, entries.length)}
          value={count}
          aria-label={text.moment}
          aria-valuetext={text.eventOf(count, entries.length)}
          onChange={({ target }) => slide(Number(target.value))}
        />
      </div>
      <output className={styles.position}>
        {text.eventOf(count, entries.length)}
        {shown !== undefined && <span className={styles.quiet}> {formats.precise(shown.timestamp)}</span>}
      </output>
      <Button size="small" disabled={isNow} onClick={() => onChoose(undefined)}>
        {text.now}
      </Button>
    </section>
  );
}

/** Where failures lie. */
const Marks = memo(function Marks({ entries }: { entries: readonly LogEntry[] }) {
  return marksOf(entries).map((at) => (
    <span key={at} className={styles.mark} style={{ left: `${(100 * at) / Math.max(1, entries.length - 1)}%` }} />
  ));
});

interface StepProps {
  label: string;
  icon: "left" | "right" | "play" | "minus";
  isDisabled?: boolean;
  onClick: () => void;
}

function Step({ label, icon, isDisabled = false, onClick }: StepProps) {
  return (
    <Tooltip content={label} relationship="label">
      <Button
        appearance="subtle"
        size="small"
        icon={<Icon name={icon} size={16} />}
        disabled={isDisabled}
        onClick={onClick}
      />
    </Tooltip>
  );
}

/** Shows ten events a second, up to the last one. */
function usePlay(
  isPlaying: boolean,
  count: number,
  length: number,
  choose: (count: number) => void,
  onEnd: () => void,
): void {
  useEffect(() => {
    if (!isPlaying) return;
    if (count >= length) return onEnd();
    const timer = setTimeout(() => choose(count + 1), PLAY_MS);
    return () => clearTimeout(timer);
  });
}

/** Returns where failures lie, one in each of the places that can be distinguished. */
function marksOf(entries: readonly LogEntry[]): number[] {
  const width = Math.max(1, entries.length / MOST_MARKS);
  const places = entries.flatMap((entry, at) => (isFailure(entry) ? [Math.floor(at / width)] : []));
  return [...new Set(places)].map((place) => Math.floor(place * width));
}

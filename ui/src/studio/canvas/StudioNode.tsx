/** A step on the canvas: a button whose bar and picture say its group, and whose lines say what it does. */

import { type DragEvent, type MouseEvent, memo } from "react";
import { stepIcon } from "../../graph/StepNode";
import type { Group } from "../../graph/step-types";
import { TONE_ICONS, type Tone } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { TEXTS } from "../text";
import { DRAGGED } from "./drag";
import styles from "./StudioNode.module.css";

export interface NodeHandlers {
  onSelect: (step: string, event: MouseEvent) => void;
  onMenu: (step: string, event: MouseEvent) => void;
  onDropExit: (from: string, exit: string, to: string) => void;
}

interface StudioNodeProps extends NodeHandlers {
  step: string;
  type: string;
  group: Group;
  name: string;
  line: string;
  /** What its type is called, and what else a screen reader says of it. */
  kind: string;
  more: string;
  x: number;
  y: number;
  isSelected: boolean;
  isFocused: boolean;
  isChosen: boolean;
  /** Whether it is a place for what is being connected. */
  isCandidate: boolean;
  errors: number;
  warnings: number;
  /** Steps that its folded block hides. */
  hidden: number;
  /** Redirects that lead to it. */
  returns: number;
  hasRetry: boolean;
  hasSecret: boolean;
  /** Since when an output of it is pinned; null where none is. */
  pinnedOn: number | null;
  note: string;
  /** What an execution that is shown did here; null where none is, or where its version had no such step. */
  tone: Tone | null;
  /** The same in words. */
  state: string;
  /** How often it was visited or tried. */
  times: number;
}

const PILLS: readonly string[] = ["terminate", "redirect"];

export const StudioNode = memo(function StudioNode(props: StudioNodeProps) {
  const { step, type, group, name, line, x, y, isSelected, isFocused, isChosen, isCandidate, tone } = props;
  const marks = [
    styles.node,
    styles[tone ?? group],
    PILLS.includes(type) && styles.pill,
    isSelected && styles.selected,
    isChosen && styles.chosen,
    isCandidate && styles.candidate,
    props.hidden > 0 && styles.folded,
  ];
  return (
    <button
      type="button"
      className={marks.filter(Boolean).join(" ")}
      style={{ left: x, top: y }}
      data-step={step}
      data-tone={tone ?? undefined}
      tabIndex={isFocused ? 0 : -1}
      aria-pressed={isSelected}
      title={name}
      draggable={group !== "start"}
      onClick={(event) => props.onSelect(step, event)}
      onContextMenu={(event) => props.onMenu(step, event)}
      onDragStart={(event) => event.dataTransfer.setData(DRAGGED.step, step)}
      {...dropping(step, props.onDropExit)}
    >
      <span className={styles.tile}>
        <Icon name={stepIcon(type)} size={16} />
      </span>
      <span className={styles.words}>
        <span className={styles.name}>
          <span className={styles.spoken}>{props.kind} </span>
          {name}
        </span>
        <span className={styles.spoken}>, </span>
        {tone === null ? (
          <span className={styles.line}>{line === "" ? step : line}</span>
        ) : (
          <State tone={tone} state={props.state} times={props.times} />
        )}
        <span className={styles.spoken}>, {props.more}</span>
      </span>
      <Marks {...props} />
    </button>
  );
});

/** In place of what the step does: what an execution did there. */
function State({ tone, state, times }: { tone: Tone; state: string; times: number }) {
  return (
    <span className={`${styles.line} ${styles.state}`}>
      <Icon name={TONE_ICONS[tone]} size={12} />
      <span className={styles.cut}>{state}</span>
      {times > 1 && ` ×${times}`}
    </span>
  );
}

function Marks({ errors, warnings, hidden, returns, hasRetry, hasSecret, pinnedOn, note }: StudioNodeProps) {
  const count = errors > 0 ? errors : warnings;
  return (
    <>
      {returns > 0 && <Icon name="undo" size={12} />}
      {hasRetry && <Icon name="repeat" size={12} />}
      {hasSecret && <Icon name="lock" size={12} />}
      {pinnedOn !== null && <PinMark since={pinnedOn} />}
      {hidden > 0 && <span className={styles.count}>+{hidden}</span>}
      {note !== "" && <span className={styles.note}>{note}</span>}
      {count > 0 && (
        <span className={`${styles.badge} ${errors > 0 ? styles.error : styles.warning}`} aria-hidden="true">
          <Icon name="warning" size={12} />
          {count}
        </span>
      )}
    </>
  );
}

/** Says that later steps read a pinned output of it, and how old that is. */
function PinMark({ since }: { since: number }) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const said = text.pinned(formats.distance(since, now));
  return (
    <span title={said} data-pinned>
      <Icon name="pin" size={12} />
      <span className={styles.spoken}>, {said}</span>
    </span>
  );
}

function dropping(step: string, onDropExit: NodeHandlers["onDropExit"]) {
  return {
    onDragOver: (event: DragEvent): void => {
      if (event.dataTransfer.types.includes(DRAGGED.exit)) event.preventDefault();
    },
    onDrop: (event: DragEvent): void => {
      const [from, exit] = event.dataTransfer.getData(DRAGGED.exit).split(" ");
      if (from === undefined || exit === undefined || from === "") return;
      event.preventDefault();
      onDropExit(from, exit, step);
    },
  };
}

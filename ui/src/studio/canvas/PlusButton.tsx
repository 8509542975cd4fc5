/** The place at an exit where a step can be added or dropped. */

import { type DragEvent, memo, useState } from "react";
import { Icon } from "../../kit/icons";
import type { Exit } from "../document/shape";
import { DRAGGED, isForPlaces } from "./drag";
import styles from "./Lines.module.css";

export interface PlaceHandlers {
  onAdd: (exit: Exit) => void;
  onDropStep: (step: string, exit: Exit) => void;
  onDropType: (type: string, exit: Exit) => void;
  onDropText: (text: string, exit: Exit) => void;
}

interface PlusButtonProps extends PlaceHandlers {
  from: string;
  exit: string;
  label: string;
  x: number;
  y: number;
  /** Whether Tab reaches it: its step has the focus. */
  isReached: boolean;
  isCandidate: boolean;
  isChosen: boolean;
}

export const PlusButton = memo(function PlusButton(props: PlusButtonProps) {
  const { from, exit, label, x: left, y: top, isReached, isCandidate, isChosen, onAdd } = props;
  const [isOver, setIsOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setIsOver(false);
    void take(event.dataTransfer, props);
  };
  const over = (event: DragEvent): void => {
    if (!isForPlaces(event.dataTransfer)) return;
    event.preventDefault();
    setIsOver(true);
  };
  return (
    <button
      type="button"
      className={[styles.plus, isCandidate && styles.candidate, isChosen && styles.chosen].filter(Boolean).join(" ")}
      style={{ left, top }}
      data-plus={`${from} ${exit}`}
      data-drop={isOver ? "yes" : undefined}
      tabIndex={isReached ? 0 : -1}
      aria-label={label}
      onClick={() => onAdd({ from, exit })}
      onDragOver={over}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <Icon name="plus" size={12} />
    </button>
  );
});

async function take(
  data: DataTransfer,
  { from, exit, onDropStep, onDropType, onDropText }: PlusButtonProps,
): Promise<void> {
  const place = { from, exit };
  const step = data.getData(DRAGGED.step);
  const type = data.getData(DRAGGED.type);
  const [file] = data.files;
  if (step !== "") onDropStep(step, place);
  else if (type !== "") onDropType(type, place);
  else if (file !== undefined) onDropText(await file.text(), place);
  else onDropText(data.getData("text/plain"), place);
}

/** The boxes by which rows are chosen: with Shift a range, with the arrow keys from row to row. */

import type { KeyboardEvent } from "react";
import { useText } from "../../../text/language";
import { TEXTS } from "../../text";
import styles from "./Choosing.module.css";
import type { Selecting } from "./selection";

interface RowBoxProps {
  id: string;
  name: string;
  isChosen: boolean;
  onChoose: Selecting["click"];
}

/** Chooses one row; the arrows lead to the boxes above and below. */
export function RowBox({ id, name, isChosen, onChoose }: RowBoxProps) {
  const text = useText(TEXTS).history;
  const move = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const next = boxBeside(event.currentTarget, event.key === "ArrowDown");
    if (next === null) return;
    next.focus();
    if (event.shiftKey) onChoose(next.value, true);
  };
  return (
    <label className={styles.box}>
      <input
        type="checkbox"
        value={id}
        checked={isChosen}
        aria-label={text.choose(name)}
        onChange={({ nativeEvent }) => onChoose(id, "shiftKey" in nativeEvent && nativeEvent.shiftKey === true)}
        onKeyDown={move}
      />
    </label>
  );
}

/** Returns the box of the row above or below, if it is drawn. */
function boxBeside(box: HTMLInputElement, isBelow: boolean): HTMLInputElement | null {
  const row = box.closest("tr");
  const next = isBelow ? row?.nextElementSibling : row?.previousElementSibling;
  return next?.querySelector<HTMLInputElement>("input[type=checkbox]") ?? null;
}

/** Chooses all rows that are loaded, or none. */
export function AllBox({ count, selecting }: { count: number; selecting: Selecting }) {
  const text = useText(TEXTS).history;
  const { size } = selecting.ids;
  return (
    <label className={styles.box}>
      <input
        ref={(box) => {
          if (box !== null) box.indeterminate = size > 0 && size < count;
        }}
        type="checkbox"
        checked={size > 0 && size >= count}
        aria-label={text.chooseAll}
        onChange={() => selecting.all(size < count)}
      />
    </label>
  );
}

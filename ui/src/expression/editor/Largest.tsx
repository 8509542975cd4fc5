/** A text that is pasted or dropped into a field. One that no definition can hold is not put into it. */

import { type ClipboardEvent, type DragEvent, useState } from "react";
import { useText } from "../../text/language";
import styles from "../Expression.module.css";
import { TEXTS } from "../text";

/** UTF-16 units: a longer text is more than a whole definition may have, and each key in it would take long. */
export const LARGEST_TEXT = 1_048_576;

export interface Largest {
  isRefused: boolean;
  onPasteCapture: (event: ClipboardEvent) => void;
  /** Returns whether what is dropped was refused. */
  refusesDrop: (event: DragEvent) => boolean;
}

/** Returns what keeps texts that are too large away from an editor. */
export function useLargest(): Largest {
  const [isRefused, setIsRefused] = useState(false);
  const refuses = (event: ClipboardEvent | DragEvent, data: DataTransfer): boolean => {
    const isTooLarge = data.getData("text/plain").length > LARGEST_TEXT;
    setIsRefused(isTooLarge);
    if (isTooLarge) {
      event.preventDefault();
      event.stopPropagation();
    }
    return isTooLarge;
  };
  return {
    isRefused,
    onPasteCapture: (event) => void refuses(event, event.clipboardData),
    refusesDrop: (event) => refuses(event, event.dataTransfer),
  };
}

/** Says that a text was too large to be taken. */
export function RefusedText() {
  const words = useText(TEXTS);
  return (
    <p className={styles.error} role="alert">
      {words.tooLarge}
    </p>
  );
}

import { type DragEvent, useId, useState } from "react";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./creation.module.css";

/** A place to which a file is dragged; the button beside it does the same. */
export function FileDrop({ onFile }: { onFile: (file: File) => void }) {
  const { creation: text } = useText(TEXTS);
  const id = useId();
  const [isOver, setIsOver] = useState(false);
  const take = (files: FileList | null): void => {
    const file = files?.[0];
    if (file !== undefined) onFile(file);
  };
  const drag = (event: DragEvent): void => {
    event.preventDefault();
    setIsOver(event.type !== "dragleave");
  };
  const drop = (event: DragEvent): void => {
    drag(event);
    setIsOver(false);
    take(event.dataTransfer.files);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the field within it takes a file by keys
    <div
      className={isOver ? `${styles.drop} ${styles.over}` : styles.drop}
      onDragEnter={drag}
      onDragOver={drag}
      onDragLeave={drag}
      onDrop={drop}
    >
      <label htmlFor={id}>{text.file}</label>
      <input
        id={id}
        type="file"
        accept=".json,application/json"
        className={styles.file}
        onChange={({ target }) => {
          take(target.files);
          // So that the same file can be chosen again after it was corrected.
          target.value = "";
        }}
      />
    </div>
  );
}

import { useEffect, useReducer, useRef } from "react";

export interface Written {
  /** What is in the editor. */
  text: string;
  /** Why the text is not taken, empty while it is. */
  wrong: string;
  write: (text: string) => void;
  /** Takes the text now, without the pause. */
  settle: () => void;
}

/** What a text is read as; `take` keeps the value and returns it as it is kept. */
export type Reading<Value> = { wrong: string } | { take: () => Value };

const PAUSE_MS = 300;

/**
 * A text and the value that it was last read as.
 *
 * The text is read after a pause. One that cannot be read stays in the editor, and the value as it was. A value that
 * changed elsewhere replaces the text.
 */
export function useWritten<Value>(
  value: Value,
  format: (value: Value) => string,
  read: (text: string) => Reading<Value>,
): Written {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  // Not state: the value arrives by another way, and both must be seen by the same drawing.
  const draft = useRef({ of: value, before: value, text: format(value), wrong: "", isOpen: false });
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const latest = useRef(read);
  latest.current = read;
  const { of, before } = draft.current;
  // A value that was taken arrives a moment later; until then the one before it is still there.
  if (Object.is(of, value)) draft.current.before = value;
  else if (!Object.is(before, value)) {
    draft.current = { of: value, before: value, text: format(value), wrong: "", isOpen: false };
  }
  const settle = (): void => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = null;
    if (!draft.current.isOpen) return;
    const found = latest.current(draft.current.text);
    if ("wrong" in found) draft.current = { ...draft.current, wrong: found.wrong, isOpen: false };
    else draft.current = { ...draft.current, of: found.take(), wrong: "", isOpen: false };
    draw();
  };
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
    },
    [],
  );
  return {
    text: draft.current.text,
    wrong: draft.current.wrong,
    write: (text) => {
      draft.current = { ...draft.current, text, isOpen: true };
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = setTimeout(settle, PAUSE_MS);
      draw();
    },
    settle,
  };
}

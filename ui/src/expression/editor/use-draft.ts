/** A text that is being typed. It reaches the document when the keys rest, so that no key waits for the document. */

import { useCallback, useEffect, useRef, useState } from "react";

const REST_MS = 150;

interface Draft {
  text: string;
  change: (text: string) => void;
  /** Gives the text to the document now. */
  flush: () => void;
  /** Whether something typed has not reached the document. */
  isPending: () => boolean;
}

/** Returns a draft of `value`. What is typed reaches `onChange` after a rest, on `flush`, with a command key, and at the end. */
export function useDraft(value: string, onChange: (text: string) => void): Draft {
  const [draft, setDraft] = useState<string | null>(null);
  const pending = useRef<string | null>(null);
  const give = useRef(onChange);
  give.current = onChange;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const flush = useCallback(() => {
    clearTimeout(timer.current);
    const text = pending.current;
    pending.current = null;
    setDraft(null);
    if (text !== null) give.current(text);
  }, []);
  const change = useCallback(
    (text: string) => {
      pending.current = text;
      setDraft(text);
      clearTimeout(timer.current);
      timer.current = setTimeout(flush, REST_MS);
    },
    [flush],
  );
  useEffect(() => {
    // Ctrl+S and all other commands act on what is typed, and so does a page that is left.
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey) flush();
    };
    window.addEventListener("keydown", onKey, true);
    window.addEventListener("pagehide", flush);
    return () => {
      window.removeEventListener("keydown", onKey, true);
      window.removeEventListener("pagehide", flush);
      flush();
    };
  }, [flush]);
  const isPending = useCallback(() => pending.current !== null, []);
  return { text: draft ?? value, change, flush, isPending };
}

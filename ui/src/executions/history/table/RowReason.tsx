/** Why the execution of a row does not move: read when the pointer rests on it, or when its link has the focus. */

import { Tooltip } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { type RefObject, useCallback, useEffect, useId, useRef, useState } from "react";
import { useApi } from "../../../api/context";
import { type ExecutionRow, type Explanation, explanationQuery } from "../../../api/queries/executions/executions";
import { useLanguage, useText } from "../../../text/language";
import { useTimes } from "../../../text/time";
import { reasonOf } from "../../reasons";
import { isEnded } from "../../status";
import { TEXTS } from "../../text";
import styles from "./Table.module.css";

const REST_MS = 350;
/** Within this time the pointer may reach the reason itself. */
const LEAVE_MS = 200;
/** A reason may be as old as this. */
const FRESH_MS = 10_000;

interface Place {
  id: string;
  element: HTMLElement;
  isFocused: boolean;
}

/** Returns what marks an element that shows why the execution of a row does not move; one that has ended needs none. */
export function withReason(row: ExecutionRow): { "data-why"?: string } {
  return isEnded(row) ? {} : { "data-why": row.workflow_execution_id };
}

/** The reason beside the element in a box that the pointer or the focus is on; one for all rows, so that rows are light. */
export function RowReason({ box }: { box: RefObject<HTMLElement | null> }) {
  const [place, setPlace] = useState<Place | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const later = useCallback((next: Place | null, ms: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setPlace(next), ms);
  }, []);
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const controller = new AbortController();
    const { signal } = controller;
    const enter = ({ target, type }: Event): void => {
      const found = placeOf(target, type === "focusin");
      if (found !== null) later(found, REST_MS);
    };
    // The row may have ended, and needs no reason any more, while its reason is shown.
    const leave = (): void => later(null, LEAVE_MS);
    const close = (): void => {
      clearTimeout(timer.current);
      setPlace(null);
    };
    current.addEventListener("pointerover", enter, { signal });
    current.addEventListener("pointerout", leave, { signal });
    current.addEventListener("focusin", enter, { signal });
    current.addEventListener("focusout", leave, { signal });
    // What it lies beside moves away.
    current.addEventListener("scroll", close, { signal, passive: true });
    document.addEventListener("keydown", ({ key }) => key === "Escape" && close(), { signal });
    return () => {
      controller.abort();
      clearTimeout(timer.current);
    };
  }, [box, later]);
  if (place === null) return null;
  return (
    <Reason key={place.id} place={place} onStay={() => clearTimeout(timer.current)} onLeave={() => later(null, 0)} />
  );
}

function placeOf(target: EventTarget | null, isFocused: boolean): Place | null {
  const element = target instanceof Element ? target.closest<HTMLElement>("[data-why]") : null;
  const id = element?.dataset.why;
  return element === null || id === undefined ? null : { id, element, isFocused };
}

interface ReasonProps {
  place: Place;
  onStay: () => void;
  onLeave: () => void;
}

function Reason({ place: { id: executionId, element, isFocused }, onStay, onLeave }: ReasonProps) {
  const { data } = useQuery({ ...explanationQuery(useApi(), executionId), staleTime: FRESH_MS, retry: false });
  const text = useText(TEXTS);
  const say = useReason();
  const id = useId();
  const isKnown = data !== undefined;
  useEffect(() => {
    if (!isKnown) return;
    element.setAttribute("aria-describedby", id);
    return () => element.removeAttribute("aria-describedby");
  }, [element, id, isKnown]);
  if (data === undefined) return null;
  const children = (
    <>
      <strong>{text.verdicts[data.item.verdict]}</strong> {say(data.item)}
    </>
  );
  return (
    <>
      {isFocused && (
        // The link was read before its reason was: a description that arrives later is read by few screen readers.
        <span className={styles.spoken} role="status">
          {children}
        </span>
      )}
      <Tooltip
        visible
        relationship="inaccessible"
        content={{ id, children, onPointerEnter: onStay, onPointerLeave: onLeave }}
        onVisibleChange={(_, { visible }) => !visible && onLeave()}
        positioning={{ target: element, position: "below", align: "start" }}
      />
    </>
  );
}

/** Returns what says a reason, with the ids of steps: their names are in the whole execution. */
function useReason(): (reason: Explanation) => string {
  const language = useLanguage();
  const { formats, now } = useTimes();
  return (reason) => reasonOf(language, reason, (at) => formats.short(at, now));
}

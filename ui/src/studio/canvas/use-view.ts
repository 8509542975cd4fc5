/** What of the canvas is on the screen, and how large it is drawn. */

import { type RefObject, useCallback, useEffect, useState } from "react";
import { keysOf } from "../../shared/keys";

export const EDGE = 64;
export const SCALES = { least: 0.1, step: 0.1, most: 1.5, fitLeast: 0.4 } as const;

export interface View {
  left: number;
  top: number;
  width: number;
  height: number;
}

const NOTHING: View = { left: 0, top: 0, width: 1_200, height: 800 };
/** The view is noted in steps of this many pixels, so that not every pixel of scrolling draws. */
const GRAIN = 120;

/** Returns the part of the graph that is seen, in the measure of the graph. */
export function useView(box: RefObject<HTMLElement | null>, scale: number): View {
  const [view, setView] = useState(NOTHING);
  const read = useCallback((): void => {
    const element = box.current;
    if (element === null || element.clientWidth === 0) return;
    const round = (value: number): number => Math.round(value / GRAIN) * GRAIN;
    const next = {
      left: round((element.scrollLeft - EDGE) / scale),
      top: round((element.scrollTop - EDGE) / scale),
      width: round(element.clientWidth / scale),
      height: round(element.clientHeight / scale),
    };
    setView((before) => (keysOf(next).every((key) => before[key] === next[key]) ? before : next));
  }, [box, scale]);
  useEffect(() => {
    read();
    const element = box.current;
    if (element === null) return undefined;
    element.addEventListener("scroll", read, { passive: true });
    window.addEventListener("resize", read);
    return () => {
      element.removeEventListener("scroll", read);
      window.removeEventListener("resize", read);
    };
  }, [box, read]);
  return view;
}

/** Calls `onScale` for Ctrl and the wheel; the page itself does not zoom then. */
export function useWheelZoom(box: RefObject<HTMLElement | null>, onScale: (by: number) => void): void {
  useEffect(() => {
    const element = box.current;
    const zoom = (event: WheelEvent): void => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      onScale(event.deltaY < 0 ? SCALES.step : -SCALES.step);
    };
    element?.addEventListener("wheel", zoom, { passive: false });
    return () => element?.removeEventListener("wheel", zoom);
  }, [box, onScale]);
}

/** Returns how much of a step can be read at a scale. */
export function zoomLevel(scale: number): "near" | "far" | "map" {
  if (scale < 0.25) return "map";
  return scale < 0.45 ? "far" : "near";
}

/** Returns the nearest scale that the canvas may have, in whole percent. */
export function boundScale(scale: number): number {
  return Math.round(Math.min(SCALES.most, Math.max(SCALES.least, scale)) * 100) / 100;
}

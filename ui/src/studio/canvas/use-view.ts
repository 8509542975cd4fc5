/** What of the canvas is on the screen, and how large it is drawn. */

import { type RefObject, useEffect, useLayoutEffect, useState } from "react";
import { createStore, type StoreApi } from "zustand/vanilla";
import { keysOf } from "../../shared/keys";
import type { ScreenStore } from "../screen-state";

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

/** What follows it is drawn again when the canvas is scrolled, and nothing else. */
export type ViewStore = StoreApi<View>;

/** Returns the part of the graph that is seen, in the measure of the graph. */
export function useView(box: RefObject<HTMLElement | null>, screen: ScreenStore): ViewStore {
  const [view] = useState(() => createStore<View>(() => NOTHING));
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const read = (): void => {
      if (element.clientWidth === 0) return;
      const next = viewOf(element, screen.getState().scale);
      const before = view.getState();
      if (keysOf(next).some((key) => before[key] !== next[key])) view.setState(next, true);
    };
    read();
    const unfollow = screen.subscribe(({ scale }, before) => {
      if (scale !== before.scale) read();
    });
    element.addEventListener("scroll", read, { passive: true });
    window.addEventListener("resize", read);
    return () => {
      unfollow();
      element.removeEventListener("scroll", read);
      window.removeEventListener("resize", read);
    };
  }, [box, screen, view]);
  return view;
}

function viewOf({ scrollLeft, scrollTop, clientWidth, clientHeight }: HTMLElement, scale: number): View {
  const round = (value: number): number => Math.round(value / scale / GRAIN) * GRAIN;
  return {
    left: round(scrollLeft - EDGE),
    top: round(scrollTop - EDGE),
    width: round(clientWidth),
    height: round(clientHeight),
  };
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

/** What is being moved or connected, and how it ends; also said to screen readers. */

import { Button } from "@fluentui/react-components";
import { useEffect } from "react";
import { useStore } from "zustand";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { stepById } from "../document/definition";
import { exitLook } from "../exits";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import type { Candidates } from "./drawing/candidates";
import type { StepFacts } from "./drawing/facts";
import styles from "./StudioCanvas.module.css";

interface ModeBarProps {
  studio: Studio;
  candidates: Candidates;
  facts: ReadonlyMap<string, StepFacts>;
}

export function ModeBar({ studio, candidates, facts }: ModeBarProps) {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const mode = useStore(studio.screen, (state) => state.mode);
  const isChoosing = mode?.kind === "move" || mode?.kind === "connect";
  useShown(isChoosing ? keyOf(candidates, mode.at) : null);
  // The region is there before its words, so that screen readers say them.
  if (!isChoosing) return <div role="status" />;
  const nameOf = (id: string): string => facts.get(id)?.name ?? id;
  const exitOf = ({ from, exit }: { from: string; exit: string }): string =>
    exitLook(stepById(studio.store.getState().document, from), exit, text.exits).text;
  const hint =
    mode.kind === "move"
      ? text.moveHint(nameOf(mode.step))
      : text.connectHint(exitOf(mode.exit), nameOf(mode.exit.from));
  const [place, step] = [candidates.places[mode.at], candidates.steps[mode.at]];
  const at =
    place !== undefined
      ? text.addBetween(exitOf(place), nameOf(place.from))
      : step === undefined
        ? text.noPlace
        : nameOf(step);
  return (
    <div className={styles.mode} role="status">
      <span>{hint}</span>
      <b>{at}</b>
      <Button size="small" onClick={() => studio.screen.setState({ mode: null })}>
        {shared.cancel}
      </Button>
    </div>
  );
}

/** What is chosen: an exit, as its `+` has it, or a step. */
function keyOf({ places, steps }: Candidates, at: number): string | null {
  const place = places[at];
  return place === undefined ? (steps[at] ?? null) : `${place.from} ${place.exit}`;
}

/** Scrolls to what is chosen. */
function useShown(key: string | null): void {
  useEffect(() => {
    const all = [...window.document.querySelectorAll<HTMLElement>("[data-plus], [data-step]")];
    const found = key === null ? undefined : all.find(({ dataset }) => dataset.plus === key || dataset.step === key);
    // jsdom scrolls nowhere.
    found?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }, [key]);
}

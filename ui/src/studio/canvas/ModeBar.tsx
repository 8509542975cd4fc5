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
import type { Candidates } from "./candidates";
import type { StepFacts } from "./facts";
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
  if (!isChoosing) return null;
  const nameOf = (id: string): string => facts.get(id)?.name ?? id;
  const exitOf = ({ from, exit }: { from: string; exit: string }): string =>
    exitLook(stepById(studio.store.getState().document, from), exit, text.exits).text;
  const hint =
    mode.kind === "move" ? text.moveHint(nameOf(mode.step)) : text.connectHint(exitOf(mode.exit), nameOf(mode.exit.from));
  const [place, step] = [candidates.places[mode.at], candidates.steps[mode.at]];
  const at = place !== undefined ? text.addBetween(exitOf(place), nameOf(place.from)) : step === undefined ? text.noPlace : nameOf(step);
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

function keyOf({ places, steps }: Candidates, at: number): string | null {
  const place = places[at];
  const step = steps[at];
  if (place !== undefined) return `[data-plus="${CSS.escape(`${place.from} ${place.exit}`)}"]`;
  return step === undefined ? null : `[data-step="${CSS.escape(step)}"]`;
}

/** Scrolls to what is chosen. */
function useShown(selector: string | null): void {
  useEffect(() => {
    // jsdom scrolls nowhere.
    if (selector !== null) window.document.querySelector(selector)?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }, [selector]);
}

/** The `+` beside the lanes of a step with branches: it adds one. */

import { memo, useMemo } from "react";
import { useStore } from "zustand";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { addBranchTo } from "../actions/acts";
import { branchesOf } from "../document/commands/branches";
import { stepById } from "../document/definition";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import type { Drawn } from "./drawing/drawn";
import type { StepFacts } from "./drawing/facts";
import { lanePlaces } from "./drawing/lanes";
import { isSeen } from "./drawing/seen";
import styles from "./Lines.module.css";
import type { View } from "./use-view";

interface LanePlusesProps {
  studio: Studio;
  drawn: Drawn;
  facts: ReadonlyMap<string, StepFacts>;
  seen: View | null;
  lookOf: (from: string, exit: string) => { text: string };
}

export const LanePluses = memo(function LanePluses({ studio, drawn, facts, seen, lookOf }: LanePlusesProps) {
  const text = useText(TEXTS);
  const focused = useStore(studio.screen, (state) => state.focused);
  const places = useMemo(() => {
    const { document } = studio.store.getState();
    const branches = (id: string): readonly string[] | null => {
      const step = stepById(document, id);
      return step === null ? null : branchesOf(step);
    };
    return lanePlaces(drawn, branches, (step, exit) => lookOf(step, exit).text);
  }, [studio, drawn, lookOf]);
  return places.map(({ step, x: left, y: top }) => {
    if (seen !== null && step !== focused && !isSeen({ x: left, y: top }, seen)) return null;
    return (
      <button
        key={step}
        type="button"
        className={`${styles.plus} ${styles.lanePlus}`}
        style={{ left, top }}
        data-lane-plus={step}
        tabIndex={step === focused ? 0 : -1}
        aria-label={text.addBranchTo(facts.get(step)?.name ?? step)}
        onClick={() => addBranchTo(studio, step)}
      >
        <Icon name="plus" size={12} />
      </button>
    );
  });
});

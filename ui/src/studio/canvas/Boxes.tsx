/** Branches and bodies as boxes around their steps, each with its name. */

import { useStore } from "zustand";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { settingsOf, stepById } from "../document/definition";
import { tellingLine } from "../steps/telling";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import type { Drawn } from "./drawing/drawn";
import styles from "./Lines.module.css";
import { type DropLane, laneHead } from "./lane-drag";

interface BoxesProps {
  studio: Studio;
  drawn: Drawn;
  lookOf: (from: string, exit: string) => { text: string };
  onDropLane: DropLane;
}

export function Boxes({ studio, drawn, lookOf, onDropLane }: BoxesProps) {
  const text = useText(TEXTS);
  const document = useStore(studio.store, (state) => state.document);
  return drawn.layout.boxes.map(({ step, exit, x: left, y: top, width, height }) => {
    const owner = stepById(document, step);
    const isBody = owner?.type === "forEach";
    const items = owner === null ? "" : tellingLine("forEach", settingsOf(owner));
    return (
      <div key={`${step} ${exit}`} className={styles.box} style={{ left, top, width, height }}>
        {isBody && <Icon name="loop" size={14} />}
        <span className={styles.boxName} {...(!isBody && laneHead(step, exit, onDropLane))}>
          {isBody ? `${text.body} ${items}` : lookOf(step, exit).text}
        </span>
      </div>
    );
  });
}

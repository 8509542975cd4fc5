/** The types of steps beside the canvas: dragged to a place, or added after the step that has the focus. */

import { memo, useMemo, useState } from "react";
import { useStore } from "zustand";
import { GROUPS } from "../../api/step-types";
import { stepIcon } from "../../graph/StepNode";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { add, placeOf } from "../actions/acts";
import { DRAGGED } from "../canvas/drag";
import { refuse } from "../document/refusals";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { findTypes } from "./find";
import styles from "./Toolbox.module.css";

export const Toolbox = memo(function Toolbox({ studio }: { studio: Studio }) {
  const text = useText(TEXTS);
  const [typed, setTyped] = useState("");
  const isReadOnly = useStore(studio.store, (state) => state.isReadOnly);
  const found = useMemo(() => findTypes(typed, text), [typed, text]);
  const addHere = (type: string): void => {
    const place = placeOf(studio, studio.screen.getState().focused);
    if (place === null) studio.store.getState().refuse(refuse("only-at-open-exit"));
    else add(studio, place, type);
  };
  if (isReadOnly) return null;
  return (
    <nav className={styles.toolbox} aria-label={text.toolbox} data-area="toolbox">
      <div className={styles.find}>
        <Icon name="search" size={16} />
        <input
          type="search"
          value={typed}
          aria-label={text.findStep}
          placeholder={text.findStep}
          onChange={(event) => setTyped(event.target.value)}
        />
        <kbd>A</kbd>
      </div>
      {found.length === 0 && <p role="status">{text.noStepType}</p>}
      {GROUPS.filter((group) => found.some((each) => each.group === group)).map((group) => (
        <section key={group} aria-label={text.groups[group]}>
          <h2 className={styles.group}>{text.groups[group]}</h2>
          {found
            .filter((each) => each.group === group)
            .map(({ type }) => (
              <button
                key={type}
                type="button"
                className={styles.type}
                draggable
                onDragStart={(event) => event.dataTransfer.setData(DRAGGED.type, type)}
                onClick={() => addHere(type)}
              >
                <span className={`${styles.tile} ${styles[group]}`}>
                  <Icon name={stepIcon(type)} size={16} />
                </span>
                {text.types[type] ?? type}
              </button>
            ))}
        </section>
      ))}
    </nav>
  );
});

/** The list of steps for one place: typed, walked by the arrows, taken by Enter. */

import { Dialog, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { START } from "../../graph/outline";
import { stepIcon } from "../../graph/StepNode";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { add } from "../actions/acts";
import { nameOf, stepById } from "../document/definition";
import type { Exit } from "../document/shape";
import { exitLook } from "../exits";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { type Found, findTypes } from "./find";
import styles from "./Toolbox.module.css";

export function AddStep({ studio, place, onClose }: { studio: Studio; place: Exit; onClose: () => void }) {
  const text = useText(TEXTS);
  const step = stepById(studio.store.getState().document, place.from);
  const exit = exitLook(step, place.exit, text.exits).text;
  const named = step === null ? place.from : nameOf(step);
  const name = named === START ? (text.types.trigger ?? named) : named;
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface aria-describedby={undefined}>
        <DialogBody>
          <DialogTitle>{text.addTitle}</DialogTitle>
          <DialogContent>
            <p className={styles.place}>{text.addTo(exit, name)}</p>
            <TypeList
              onChoose={(type) => {
                onClose();
                add(studio, place, type);
              }}
            />
          </DialogContent>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** A field with the list of types below it. */
export function TypeList({ onChoose }: { onChoose: (type: string) => void }) {
  const text = useText(TEXTS);
  const list = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = useMemo(() => findTypes(typed, text), [typed, text]);
  const chosen = found[Math.min(at, found.length - 1)];
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined && found.length > 0)
      setAt((before) => (Math.min(before, found.length - 1) + by + found.length) % found.length);
    else if (event.key === "Enter" && chosen !== undefined) onChoose(chosen.type);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div className={styles.find}>
        <Icon name="search" size={16} />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={chosen && `${list}-${chosen.type}`}
          aria-label={text.findStep}
          placeholder={text.findStep}
          value={typed}
          // biome-ignore lint/a11y/noAutofocus: the list is opened to type in it
          autoFocus
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      {found.length === 0 && <p role="status">{text.noStepType}</p>}
      <div id={list} role="listbox" aria-label={text.toolbox} className={styles.list}>
        {found.map((each) => (
          <Option
            key={each.type}
            id={`${list}-${each.type}`}
            found={each}
            isChosen={each === chosen}
            onChoose={onChoose}
          />
        ))}
      </div>
    </>
  );
}

interface OptionProps {
  id: string;
  found: Found;
  isChosen: boolean;
  onChoose: (type: string) => void;
}

function Option({ id, found: { type, group }, isChosen, onChoose }: OptionProps) {
  const text = useText(TEXTS);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChosen) element.current?.scrollIntoView?.({ block: "nearest" });
  }, [isChosen]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes all keys; the focus never leaves it
    // biome-ignore lint/a11y/useFocusableInteractive: the field above takes all keys; the focus never leaves it
    <div
      ref={element}
      id={id}
      role="option"
      aria-selected={isChosen}
      className={styles.option}
      onClick={() => onChoose(type)}
    >
      <span className={`${styles.tile} ${styles[group]}`}>
        <Icon name={stepIcon(type)} size={16} />
      </span>
      {text.types[type] ?? type}
    </div>
  );
}

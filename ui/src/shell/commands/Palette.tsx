/** Ctrl+K: one field that finds every action of the screen and every place of the app. */

import { Dialog, DialogBody, DialogSurface } from "@fluentui/react-components";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { type Command, useCommandList } from "./commands";
import { useExecutionCommands } from "./execution-commands";
import { byGroup, find } from "./find";
import { useFoundCommands } from "./found-commands";
import { Keys } from "./Keys";
import styles from "./Palette.module.css";

export function Palette({ onClose }: { onClose: () => void }) {
  const text = useText(TEXTS);
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface className={styles.surface} aria-label={text.search}>
        <DialogBody className={styles.body}>
          <Finder onClose={onClose} />
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function Finder({ onClose }: { onClose: () => void }) {
  const text = useText(TEXTS);
  const list = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const commands = [...find(useCommandList(), typed), ...useExecutionCommands(typed), ...useFoundCommands(typed)];
  const found = byGroup(commands).flatMap(([, each]) => each);
  const chosen = found[Math.min(at, found.length - 1)];
  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    onClose();
    // The dialog gives the focus back first; a command that moves it comes after.
    setTimeout(command.run);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setAt((before) => (Math.min(before, found.length - 1) + step + found.length) % found.length);
    }
    if (event.key === "Enter") {
      event.preventDefault();
      run(chosen);
    }
  };
  return (
    <>
      <div className={styles.field}>
        <Icon name="search" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={chosen && `${list}-${chosen.id}`}
          aria-label={text.search}
          placeholder={text.search}
          value={typed}
          // biome-ignore lint/a11y/noAutofocus: the palette is opened to type in it
          autoFocus
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <Keys keys="Esc" />
      </div>
      <Found id={list} commands={found} chosen={chosen} onRun={run} />
      <footer className={styles.foot} aria-hidden="true">
        <span>
          <Keys keys="↑" /> <Keys keys="↓" /> {text.choose}
        </span>
        <span>
          <Keys keys="Enter" /> {text.open}
        </span>
      </footer>
    </>
  );
}

interface FoundProps {
  id: string;
  commands: readonly Command[];
  chosen: Command | undefined;
  onRun: (command: Command) => void;
}

function Found({ id, commands, chosen, onRun }: FoundProps) {
  const text = useText(TEXTS);
  return (
    <>
      {commands.length === 0 && (
        <p className={styles.none} role="status">
          {text.noCommand}
        </p>
      )}
      <div id={id} role="listbox" aria-label={text.search} className={styles.found}>
        {byGroup(commands).map(([group, each]) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options of a list has no element
          <div key={group} role="group" aria-label={group}>
            <div className={styles.group} aria-hidden="true">
              {group}
            </div>
            {each.map((command) => (
              <Option
                key={command.id}
                id={`${id}-${command.id}`}
                command={command}
                isChosen={command === chosen}
                onRun={onRun}
              />
            ))}
          </div>
        ))}
      </div>
    </>
  );
}

function Option({ id, command, isChosen, onRun }: OptionProps) {
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
      onClick={() => onRun(command)}
    >
      <span className={styles.tile}>
        <Icon name={command.icon} />
      </span>
      <span className={styles.name}>{command.text}</span>
      {command.keys && <Keys keys={command.keys} />}
    </div>
  );
}

interface OptionProps {
  id: string;
  command: Command;
  isChosen: boolean;
  onRun: (command: Command) => void;
}

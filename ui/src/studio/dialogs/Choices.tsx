/** Dialogs in which one thing is chosen. */

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { extractChosen, removeKeeping, retype, wrapChosen } from "../actions/acts";
import { targetsOf } from "../document/commands/connect";
import { nameOf, stepById } from "../document/definition";
import { shapeOf, targetOf } from "../document/shape";
import { exitLook } from "../exits";
import { fitsType } from "../steps/fits";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { TypeList } from "../toolbox/AddStep";
import styles from "./Dialogs.module.css";

interface OfStep {
  studio: Studio;
  step: string;
  onClose: () => void;
}

function Choice({
  title,
  hint,
  onClose,
  children,
}: {
  title: string;
  hint?: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const shared = useText(SHARED);
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface aria-describedby={undefined}>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent className={styles.choices}>
            {hint !== undefined && <p>{hint}</p>}
            {children}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>{shared.cancel}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function useNames({ studio, step }: Pick<OfStep, "studio" | "step">) {
  const text = useText(TEXTS);
  const found = stepById(studio.store.getState().document, step);
  return {
    text,
    name: found === null ? step : nameOf(found),
    exitName: (exit: string) => exitLook(found, exit, text.exits).text,
  };
}

/** Asks which branch remains when a step with several is deleted. */
export function KeepBranch({ studio, step, ways, onClose }: OfStep & { ways: readonly string[] }) {
  const { text, name, exitName } = useNames({ studio, step });
  const keep = (exit: string) => (): void => {
    onClose();
    removeKeeping(studio, step, exit);
  };
  return (
    <Choice title={text.keepTitle(name)} hint={text.keepText} onClose={onClose}>
      {ways.map((exit) => (
        <Button key={exit} onClick={keep(exit)}>
          {text.keep(exitName(exit))}
        </Button>
      ))}
    </Choice>
  );
}

/** Asks which exit is to be connected: the arrows choose, and what is chosen is said with where it leads now. */
export function ChooseExit({ studio, step, onClose }: OfStep) {
  const { text, name, exitName } = useNames({ studio, step });
  const { document } = studio.store.getState();
  const shape = shapeOf(document);
  const exits = shape.outline.steps.get(step)?.exits ?? [];
  const possible = exits.filter((exit) => targetsOf(document, { from: step, exit }).length > 0);
  const [at, setAt] = useState(0);
  const list = useRef<HTMLFieldSetElement>(null);
  useEffect(() => {
    // After the dialog has taken the focus for itself.
    const timer = setTimeout(() => list.current?.querySelector("button")?.focus());
    return () => clearTimeout(timer);
  }, []);
  const leadsTo = (exit: string): string => {
    const target = targetOf(shape, { from: step, exit });
    const found = target === null ? null : stepById(document, target);
    return found === null ? text.leadsNowhere : text.leadsTo(nameOf(found));
  };
  const chosen = possible[at];
  return (
    <Choice title={text.connectTitle} hint={text.connectChoice(name, possible.length)} onClose={onClose}>
      <fieldset ref={list} className={styles.exits} aria-label={text.connectTitle} onKeyDown={focusNext}>
        {possible.map((exit, index) => (
          <Button
            key={exit}
            className={styles.exit ?? ""}
            appearance={index === at ? "primary" : "secondary"}
            onFocus={() => setAt(index)}
            onClick={() => studio.screen.setState({ mode: { kind: "connect", exit: { from: step, exit }, at: 0 } })}
          >
            {exitName(exit)}, {leadsTo(exit)}
          </Button>
        ))}
      </fieldset>
      <p role="status" className={styles.chosen}>
        {chosen !== undefined && text.exitAt(exitName(chosen), at + 1, possible.length)}
      </p>
    </Choice>
  );
}

/** The arrows lead to the button before or behind the one with the focus. */
function focusNext(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (by === undefined) return;
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const at = buttons.findIndex((button) => button.matches(":focus"));
  event.preventDefault();
  buttons[(at + by + buttons.length) % buttons.length]?.focus();
}

/** Asks for the new type of a step. */
export function Retype({ studio, step, onClose }: OfStep) {
  const { text, name } = useNames({ studio, step });
  return (
    <Choice title={text.typeTitle(name)} hint={text.typeHint} onClose={onClose}>
      <TypeList
        onChoose={(type) => {
          onClose();
          retype(studio, step, type, fitsType(type));
        }}
      />
    </Choice>
  );
}

/** Asks what the chosen steps are put into. */
export function WrapIn({ studio, steps, onClose }: { studio: Studio; steps: readonly string[]; onClose: () => void }) {
  const text = useText(TEXTS);
  const into = (wrapper: "forEach" | "parallel") => (): void => {
    onClose();
    wrapChosen(studio, steps, wrapper);
  };
  const making = useMutation({ mutationFn: () => extractChosen(studio, steps), onSuccess: onClose });
  return (
    <Choice title={text.wrapTitle(steps.length)} onClose={onClose}>
      <Button onClick={into("forEach")}>{text.acts.wrapForEach}</Button>
      <Button onClick={into("parallel")}>{text.acts.wrapParallel}</Button>
      <Button disabled={making.isPending} onClick={() => making.mutate()}>
        {text.acts.wrapExtract}
      </Button>
      {making.error !== null && <Problem error={making.error} shape="bar" />}
    </Choice>
  );
}

/** What two authors changed in one place: each is chosen by a person, until then nothing is overwritten. */

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Radio,
  RadioGroup,
} from "@fluentui/react-components";
import { useState } from "react";
import type { Choice } from "../../editing/document/merge";
import { pointerOf } from "../../editing/document/path";
import { prettyExact } from "../../shared/exact";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import type { DefinitionConflict } from "../document/merge/merge";
import { TEXTS } from "../text";
import styles from "./Dialogs.module.css";

interface ConflictsProps {
  conflicts: readonly DefinitionConflict[];
  by: string;
  onShow: (step: string | null) => void;
  onResolve: (choices: ReadonlyMap<string, Choice>) => void;
  onClose: () => void;
}

const SIDES = ["mine", "theirs", "both"] as const;
type Side = (typeof SIDES)[number];

export function Conflicts({ conflicts, by, onShow, onResolve, onClose }: ConflictsProps) {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const [sides, setSides] = useState<ReadonlyMap<string, Side>>(new Map());
  const take = (): void =>
    onResolve(
      new Map(conflicts.map((conflict) => [conflict.key, choiceOf(conflict, sides.get(conflict.key) ?? "mine")])),
    );
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface aria-describedby={undefined}>
        <DialogBody>
          <DialogTitle>{text.conflictTitle(conflicts.length)}</DialogTitle>
          <DialogContent>
            <p>{text.conflictText(by)}</p>
            {conflicts.map((conflict) => (
              <Place
                key={conflict.key}
                conflict={conflict}
                side={sides.get(conflict.key) ?? "mine"}
                onSide={(side) => setSides((before) => new Map(before).set(conflict.key, side))}
                onShow={() => onShow(conflict.step)}
              />
            ))}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>{shared.cancel}</Button>
            <Button appearance="primary" onClick={take}>
              {text.takeChoices}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function choiceOf({ mine, theirs }: DefinitionConflict, side: Side): Choice {
  return side === "both" ? { take: "value", value: `${String(mine)}\n${String(theirs)}` } : { take: side };
}

interface PlaceProps {
  conflict: DefinitionConflict;
  side: Side;
  onSide: (side: Side) => void;
  onShow: () => void;
}

function Place({ conflict, side, onSide, onShow }: PlaceProps) {
  const text = useText(TEXTS);
  const { step, path, mine, theirs, kind } = conflict;
  const place = kind === "step" ? text.wholeStep : pointerOf(path);
  const isText = typeof mine === "string" && typeof theirs === "string";
  const wordsOf = (value: unknown): string => {
    if (value === undefined) return kind === "step" ? text.deletedThere : text.notSet;
    return typeof value === "string" ? value : prettyExact(value);
  };
  return (
    <section className={styles.place} aria-label={`${step ?? text.workflowItself} ${place}`}>
      <div>
        <Button appearance="transparent" size="small" onClick={onShow} disabled={step === null}>
          {step ?? text.workflowItself}
        </Button>
        <code>{place}</code>
      </div>
      <RadioGroup
        layout="horizontal"
        value={side}
        onChange={(_, { value }) => onSide(SIDES.find((each) => each === value) ?? side)}
        aria-label={place}
      >
        <Radio value="mine" label={text.mine} />
        <Radio value="theirs" label={text.theirs} />
        {isText && <Radio value="both" label={text.both} />}
      </RadioGroup>
      <div className={styles.sides}>
        <pre className={styles.value}>{wordsOf(mine)}</pre>
        <pre className={styles.value}>{wordsOf(theirs)}</pre>
      </div>
    </section>
  );
}

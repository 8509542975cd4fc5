/** Dialogs with one field. */

import { Field, Input, Textarea } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useStore } from "zustand";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { useMakerFindingWords } from "../../text/maker-findings";
import { SHARED } from "../../text/shared";
import { rename } from "../actions/acts";
import { refusalOfId } from "../document/commands/rename";
import { nameOf, stepById, typeOf } from "../document/definition";
import type { StudioFinding } from "../document/store";
import type { Studio } from "../studio";
import { TEXTS } from "../text";

interface OfStep {
  studio: Studio;
  step: string;
  onClose: () => void;
}

/** Asks for the new id of a step; what reads it follows. */
export function RenameDialog({ studio, step, onClose }: OfStep) {
  const text = useText(TEXTS);
  const [id, setId] = useState(step);
  const document = useStore(studio.store, (state) => state.document);
  const found = stepById(document, step);
  const refusal = refusalOfId(document, step, id);
  const last = useStore(studio.store, (state) => state.refusal);
  const renaming = useMutation({
    mutationFn: () => rename(studio, step, id),
    onSuccess: (isDone) => isDone && onClose(),
  });
  const why = refusal ?? (renaming.data === false ? last : null);
  return (
    <Confirm
      title={text.renameTitle(found === null ? step : nameOf(found))}
      verb={text.rename}
      isBusy={renaming.isPending || refusal !== null}
      error={renaming.error}
      onConfirm={() => renaming.mutate()}
      onClose={onClose}
    >
      <Field
        label={text.newId}
        hint={text.renameHint}
        {...(why === null ? {} : { validationMessage: text.why[why.why](why.about) })}
      >
        <Input value={id} maxLength={64} autoFocus onChange={(_, { value }) => setId(value)} />
      </Field>
    </Confirm>
  );
}

/** Writes the note beside a step. */
export function NoteDialog({ studio, step, note, onClose }: OfStep & { note: string }) {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const [typed, setTyped] = useState(note);
  const found = stepById(studio.store.getState().document, step);
  const save = (): void => {
    studio.outer.setNote(step, typed.trim());
    onClose();
  };
  return (
    <Confirm
      title={text.noteTitle(found === null ? step : nameOf(found))}
      verb={shared.save}
      onConfirm={save}
      onClose={onClose}
    >
      <Field label={text.noteText}>
        <Textarea value={typed} maxLength={500} autoFocus onChange={(_, { value }) => setTyped(value)} />
      </Field>
    </Confirm>
  );
}

interface KnownDialogProps {
  studio: Studio;
  finding: StudioFinding;
  onClose: () => void;
}

/** Accepts a warning, with the reason. */
export function KnownDialog({ studio, finding, onClose }: KnownDialogProps) {
  const text = useText(TEXTS);
  const [note, setNote] = useState("");
  const found = stepById(studio.store.getState().document, finding.step ?? "");
  const { message } = useMakerFindingWords()(finding, found === null ? null : typeOf(found));
  const mark = (): void => {
    studio.outer.setKnown(finding, note.trim());
    onClose();
  };
  return (
    <Confirm title={text.knownTitle} verb={text.markKnown} onConfirm={mark} onClose={onClose}>
      <p>{message}</p>
      <Field label={text.knownNote}>
        <Textarea value={note} maxLength={500} autoFocus onChange={(_, { value }) => setNote(value)} />
      </Field>
    </Confirm>
  );
}

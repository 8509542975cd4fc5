/** What is asked before some acts: which path to keep, another id or type, a region, a note. */

import { memo } from "react";
import { useStore } from "zustand";
import type { Studio } from "../studio";
import { AddStep } from "../toolbox/AddStep";
import { ChooseExit, KeepBranch, Retype, WrapIn } from "./Choices";
import { KnownDialog, NoteDialog, RenameDialog } from "./Fields";

export const Dialogs = memo(function Dialogs({
  studio,
  notes,
}: {
  studio: Studio;
  notes: ReadonlyMap<string, string>;
}) {
  const mode = useStore(studio.screen, (state) => state.mode);
  const close = (): void => studio.screen.setState({ mode: null });
  switch (mode?.kind) {
    case "add":
      return <AddStep studio={studio} place={mode.place} onClose={close} />;
    case "delete":
      return <KeepBranch studio={studio} step={mode.step} ways={mode.ways} onClose={close} />;
    case "exit":
      return <ChooseExit studio={studio} step={mode.step} onClose={close} />;
    case "type":
      return <Retype studio={studio} step={mode.step} onClose={close} />;
    case "wrap":
      return <WrapIn studio={studio} steps={mode.steps} onClose={close} />;
    case "rename":
      return <RenameDialog studio={studio} step={mode.step} onClose={close} />;
    case "note":
      return <NoteDialog studio={studio} step={mode.step} note={notes.get(mode.step) ?? ""} onClose={close} />;
    case "known":
      return <KnownDialog studio={studio} finding={mode.finding} onClose={close} />;
    default:
      return null;
  }
});

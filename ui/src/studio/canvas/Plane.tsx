/** The graph itself, at its own measure: boxes, lines, steps, and the places where steps can be added. */

import { type MouseEvent, useMemo } from "react";
import { useStore } from "zustand";
import { stepTypeOf } from "../../graph/step-types";
import { useText } from "../../text/language";
import { type Definition, stepsOf } from "../document/definition";
import { type ExitLook, exitLook } from "../exits";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { Boxes } from "./Boxes";
import type { Candidates } from "./drawing/candidates";
import { type Drawn, exitKey } from "./drawing/drawn";
import type { StepFacts } from "./drawing/facts";
import { plusesOf } from "./drawing/places";
import { isSeen } from "./drawing/seen";
import { graphKey } from "./drawing/use-drawn";
import { readingOrder } from "./drawing/walk";
import { EdgeLines } from "./EdgeLines";
import { PlusButton } from "./PlusButton";
import { RedirectLines } from "./RedirectLines";
import { StudioNode } from "./StudioNode";
import { useCanvasHandlers } from "./use-handlers";
import type { View } from "./use-view";

interface PlaneProps {
  studio: Studio;
  drawn: Drawn;
  facts: ReadonlyMap<string, StepFacts>;
  candidates: Candidates;
  notes: ReadonlyMap<string, string>;
  view: View;
  onMenu: (step: string, event: MouseEvent) => void;
}

export function Plane({ studio, drawn, facts, candidates, notes, view, onMenu }: PlaneProps) {
  const document = useStore(studio.store, (state) => state.document);
  const handlers = useCanvasHandlers(studio, onMenu);
  const isReadOnly = useStore(studio.store, (state) => state.isReadOnly);
  const lookOf = useExitLooks(document);
  const isAll = drawn.layout.nodes.length <= MOST_DRAWN;
  const edges = useMemo(
    () =>
      isAll
        ? drawn.layout.edges
        : drawn.layout.edges.filter(({ points }) => points.some((point) => isSeen(point, view))),
    [drawn, isAll, view],
  );
  return (
    <>
      <Boxes studio={studio} drawn={drawn} lookOf={lookOf} />
      <EdgeLines drawn={drawn} edges={edges} lookOf={lookOf} />
      <RedirectLines studio={studio} drawn={drawn} />
      <Nodes {...{ studio, drawn, facts, candidates, notes, handlers }} view={isAll ? null : view} />
      {!isReadOnly && <Pluses {...{ studio, drawn, facts, candidates, handlers, lookOf }} view={isAll ? null : view} />}
    </>
  );
}

/** Returns what gives the look of an exit; it is the same function while no branch changes. */
function useExitLooks(document: Definition): (from: string, exit: string) => ExitLook {
  const text = useText(TEXTS);
  const key = graphKey(document);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the looks change with the graph, not with each key typed
  return useMemo(() => {
    const steps = new Map(
      stepsOf(document)
        .toReversed()
        .map((step) => [step.id, step] as const),
    );
    return (from, exit) => exitLook(steps.get(from) ?? null, exit, text.exits);
  }, [key, text]);
}

/** Above this many only what is on the screen is in the page; the outline stays complete. */
const MOST_DRAWN = 400;

type Handlers = ReturnType<typeof useCanvasHandlers>;

interface NodesProps {
  studio: Studio;
  drawn: Drawn;
  facts: ReadonlyMap<string, StepFacts>;
  candidates: Candidates;
  notes: ReadonlyMap<string, string>;
  handlers: Handlers;
  view: View | null;
}

function Nodes({ studio, drawn, facts, candidates, notes, handlers, view }: NodesProps) {
  const selected = useStore(studio.store, ({ selection }) => selection?.step ?? null);
  const { focused, chosen, mode } = useStore(studio.screen);
  const order = useMemo(() => readingOrder(drawn), [drawn]);
  const at = mode?.kind === "connect" ? candidates.steps[mode.at] : undefined;
  return order.map(({ step, x, y }) => {
    const fact = facts.get(step);
    if (fact === undefined || (view !== null && step !== focused && !isSeen({ x, y }, view))) return null;
    return (
      <StudioNode
        key={step}
        step={step}
        type={fact.type}
        group={stepTypeOf(fact.type).group}
        name={fact.name}
        line={fact.line}
        kind={fact.kind}
        more={fact.more}
        x={x}
        y={y}
        isSelected={step === selected}
        isFocused={step === focused}
        isChosen={chosen.includes(step) || step === at}
        isCandidate={candidates.steps.includes(step)}
        errors={fact.errors}
        warnings={fact.warnings}
        hidden={fact.hidden}
        returns={fact.returns}
        hasRetry={fact.step.retry !== undefined}
        hasSecret={fact.step.secret !== undefined}
        note={notes.get(step) ?? ""}
        onSelect={handlers.onSelect}
        onMenu={handlers.onMenu}
        onDropExit={handlers.onDropExit}
      />
    );
  });
}

interface PlusesProps extends Omit<NodesProps, "notes"> {
  lookOf: (from: string, exit: string) => { text: string };
}

function Pluses({ studio, drawn, facts, candidates, handlers, lookOf, view }: PlusesProps) {
  const text = useText(TEXTS);
  const { focused, mode } = useStore(studio.screen);
  const pluses = useMemo(() => plusesOf(drawn), [drawn]);
  const allowed = new Set(candidates.places.map(exitKey));
  const chosen = mode?.kind === "move" ? candidates.places[mode.at] : undefined;
  return pluses.map(({ exit, x, y, isOpen }) => {
    if (view !== null && exit.from !== focused && !isSeen({ x, y }, view)) return null;
    const name = lookOf(exit.from, exit.exit).text;
    const step = facts.get(exit.from)?.name ?? exit.from;
    return (
      <PlusButton
        key={`${exitKey(exit)} ${x}`}
        from={exit.from}
        exit={exit.exit}
        label={isOpen ? text.addAt(name, step) : text.addBetween(name, step)}
        x={x}
        y={y}
        isReached={exit.from === focused}
        isCandidate={allowed.has(exitKey(exit))}
        isChosen={chosen !== undefined && exitKey(chosen) === exitKey(exit)}
        onAdd={handlers.onAdd}
        onDropStep={handlers.onDropStep}
        onDropType={handlers.onDropType}
        onDropText={handlers.onDropText}
      />
    );
  });
}

/** The graph itself, at its own measure: boxes, lines, steps, and the places where steps can be added. */

import { type MouseEvent, memo, useMemo } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { PlacedNode } from "../../graph/layout";
import { stepTypeOf } from "../../graph/step-types";
import { useText } from "../../text/language";
import { type Definition, stepsOf } from "../document/definition";
import { type ExitLook, exitLook } from "../exits";
import type { Overlay } from "../overlay/overlay";
import type { ScreenState } from "../screen-state";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { Boxes } from "./Boxes";
import type { Candidates } from "./drawing/candidates";
import { type Drawn, exitKey } from "./drawing/drawn";
import type { StepFacts } from "./drawing/facts";
import { type Plus, plusesOf } from "./drawing/places";
import { isSeen, isWaySeen } from "./drawing/seen";
import { travelledLines } from "./drawing/travelled";
import { graphKey } from "./drawing/use-drawn";
import { usePins } from "./drawing/use-pins";
import { readingOrder } from "./drawing/walk";
import { LanePluses } from "./LanePluses";
import { EdgeEnds } from "./lines/EdgeEnds";
import { EdgeLines } from "./lines/EdgeLines";
import { RedirectLines } from "./lines/RedirectLines";
import { PlusButton } from "./PlusButton";
import { StudioNode } from "./StudioNode";
import { useCanvasHandlers } from "./use-handlers";
import type { View, ViewStore } from "./use-view";

interface PlaneProps {
  studio: Studio;
  drawn: Drawn;
  facts: ReadonlyMap<string, StepFacts>;
  candidates: Candidates;
  notes: ReadonlyMap<string, string>;
  overlay: Overlay | null;
  view: ViewStore;
  onMenu: (step: string, event: MouseEvent) => void;
}

export function Plane({ studio, drawn, facts, candidates, notes, overlay, view, onMenu }: PlaneProps) {
  const document = useStore(studio.store, (state) => state.document);
  const handlers = useCanvasHandlers(studio, onMenu);
  const isReadOnly = useStore(studio.store, (state) => state.isReadOnly);
  const lookOf = useExitLooks(document);
  const seen = useSeen(drawn, view);
  const edges = useMemo(() => {
    const { edges: all } = drawn.layout;
    return seen === null ? all : all.filter(({ points }) => isWaySeen(points, seen));
  }, [drawn, seen]);
  const travels = useMemo(() => (overlay === null ? null : travelledLines(drawn, overlay.travels)), [drawn, overlay]);
  return (
    <>
      <Boxes studio={studio} drawn={drawn} lookOf={lookOf} onDropLane={handlers.onDropLane} />
      <EdgeLines {...{ drawn, edges, lookOf, travels }} onDropLane={handlers.onDropLane} />
      {!isReadOnly && <EdgeEnds drawn={drawn} edges={edges} />}
      <RedirectLines studio={studio} drawn={drawn} />
      <Nodes {...{ studio, drawn, facts, seen, candidates, notes, overlay, handlers }} />
      {!isReadOnly && <LanePluses {...{ studio, drawn, facts, seen, lookOf }} />}
      {!isReadOnly && <Pluses {...{ studio, drawn, facts, seen, candidates, handlers, lookOf }} />}
    </>
  );
}

/** Above this many only what is on the screen is in the page, so that no edit waits for what is not; the outline stays
 * complete. */
const MOST_DRAWN = 100;

/** Returns the part of a large graph that is drawn; null for a small one, which is drawn as a whole and follows no view. */
function useSeen({ layout }: Drawn, store: ViewStore): View | null {
  const isLarge = layout.nodes.length > MOST_DRAWN;
  return useStore(store, (view) => (isLarge ? view : null));
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

type Handlers = ReturnType<typeof useCanvasHandlers>;

interface NodesProps {
  studio: Studio;
  drawn: Drawn;
  facts: ReadonlyMap<string, StepFacts>;
  seen: View | null;
  candidates: Candidates;
  notes: ReadonlyMap<string, string>;
  overlay: Overlay | null;
  handlers: Handlers;
}

const Nodes = memo(function Nodes(props: NodesProps) {
  const { studio, drawn, facts, seen, candidates, notes, overlay, handlers } = props;
  const selected = useStore(studio.store, ({ selection }) => selection?.step ?? null);
  const { focused, chosen, mode } = useStore(studio.screen, useShallow(choiceOf));
  const at = mode?.kind === "connect" ? candidates.steps[mode.at] : undefined;
  const pins = usePins(studio.store.getState().workflowId);
  const isDrawn = ({ step, x, y }: PlacedNode): boolean =>
    seen === null || step === focused || step === at || isSeen({ x, y }, seen);
  return readingOrder(drawn).map((node) => {
    const { step, x, y } = node;
    const fact = facts.get(step);
    if (fact === undefined || !isDrawn(node)) return null;
    const look = overlay?.steps.get(step);
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
        pinnedOn={pins[step]?.pinned_on ?? null}
        note={notes.get(step) ?? ""}
        tone={look?.tone ?? null}
        state={look?.text ?? ""}
        times={look?.count ?? 0}
        onSelect={handlers.onSelect}
        onMenu={handlers.onMenu}
        onDropExit={handlers.onDropExit}
      />
    );
  });
});

function choiceOf({ focused, chosen, mode }: ScreenState): Pick<ScreenState, "focused" | "chosen" | "mode"> {
  return { focused, chosen, mode };
}

interface PlusesProps extends Omit<NodesProps, "notes" | "overlay"> {
  lookOf: (from: string, exit: string) => { text: string };
}

const Pluses = memo(function Pluses({ studio, drawn, facts, seen, candidates, handlers, lookOf }: PlusesProps) {
  const text = useText(TEXTS);
  const { focused, mode } = useStore(studio.screen, useShallow(choiceOf));
  const allowed = new Set(candidates.places.map(exitKey));
  const at = mode?.kind === "move" ? candidates.places[mode.at] : undefined;
  const chosen = at === undefined ? null : exitKey(at);
  const isDrawn = ({ exit, x, y }: Plus): boolean =>
    seen === null || exit.from === focused || exitKey(exit) === chosen || isSeen({ x, y }, seen);
  return plusesOf(drawn).map((plus) => {
    if (!isDrawn(plus)) return null;
    const { exit, x, y, isOpen } = plus;
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
        isChosen={exitKey(exit) === chosen}
        onAdd={handlers.onAdd}
        onDropStep={handlers.onDropStep}
        onDropType={handlers.onDropType}
        onDropText={handlers.onDropText}
      />
    );
  });
});

/** The parts of the Studio around one open document. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { memo, useCallback, useEffect, useMemo, useRef } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { OpenVersion } from "../../api/queries/studio/definitions";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import type { Viewing } from "../actions/action";
import { useActionKeys, useActionList } from "../actions/use-actions";
import { factsOf, type StepFacts } from "../canvas/drawing/facts";
import { graphKey, useDrawn } from "../canvas/drawing/use-drawn";
import type { CanvasHandle } from "../canvas/StudioCanvas";
import { Dialogs } from "../dialogs/Dialogs";
import { stepById } from "../document/definition";
import type { StudioFinding, StudioState } from "../document/store";
import { treeRows } from "../outline/tree";
import { OverlayNotice } from "../overlay/OverlayNotice";
import { useOverlay } from "../overlay/use-overlay";
import { StepPanel } from "../panels/StepPanel";
import { noteOf } from "../problems/known";
import { Problems } from "../problems/Problems";
import type { ScreenState } from "../screen-state";
import { Side } from "../side/Side";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import { Toolbox } from "../toolbox/Toolbox";
import { useAfterPaint } from "./after-paint";
import { enterSide, moveArea } from "./areas";
import { Head } from "./Head";
import { Middle } from "./Middle";
import { Notices } from "./Notices";
import styles from "./Screen.module.css";
import { useNames } from "./use-names";
import { type Open, useOpen } from "./use-open";

interface EditorProps {
  opened: OpenVersion;
  onVersion: (version: string) => void;
}

export function Editor({ opened, onVersion }: EditorProps) {
  const open = useOpen(opened);
  const { store, screen, keeping } = open;
  const mayEdit = useMay("edit.drafts");
  const document = useStore(store, (state) => state.document);
  const folded = useStore(screen, (state) => state.folded);
  const hasErrors = useStore(screen, (state) => state.hasErrors);
  const check = useStore(keeping.status, (state) => state.check);
  const drawn = useDrawn(document, { folded, hasErrors });
  const facts = useFacts(open);
  const { overlay, ...overlaid } = useOverlay(open);
  const canvas = useRef<CanvasHandle | null>(null);
  const viewing = useViewing(open, canvas);
  useAddress(open, onVersion);
  const show = useCallback(
    (step: string | null, field = ""): void => {
      store.getState().select(step, field);
      if (step !== null) canvas.current?.focusStep(step);
    },
    [store],
  );
  const showFinding = useCallback(({ step, field }: StudioFinding) => show(step, field), [show]);
  return (
    <div className={styles.screen}>
      <Head studio={open} keeping={keeping} isActive={opened.record.workflow_status === "ACTIVE"} mayEdit={mayEdit} />
      <Notices studio={open} keeping={keeping} onShow={show} />
      <OverlayNotice {...overlaid} />
      <div className={styles.main}>
        <Toolbox studio={open} />
        <Middle studio={open} drawn={drawn} facts={facts} notes={open.notes} overlay={overlay} handle={canvas} />
        <Side studio={open} Panel={StepPanel} />
      </div>
      <Problems studio={open} known={open.known} facts={facts} check={check} onShow={showFinding} />
      <Dialogs studio={open} notes={open.notes} />
      <Actions studio={open} viewing={viewing} />
    </div>
  );
}

/** Keys and palette: which actions make sense is found out once the graph is drawn, since nothing is seen of it. */
const Actions = memo(function Actions({ studio, viewing }: ActionsProps) {
  const { document, isReadOnly } = useStore(studio.store, useShallow(documentOf));
  const { focused, folded, canActivate, canTry } = useStore(studio.screen, useShallow(focusOf));
  const key = graphKey(document);
  const present = useMemo(
    () => ({ key, isReadOnly, focused, folded, canActivate, canTry }),
    [key, isReadOnly, focused, folded, canActivate, canTry],
  );
  useActionKeys(studio, viewing);
  return <Listed studio={studio} viewing={viewing} present={useAfterPaint(present)} />;
});

interface ActionsProps {
  studio: Studio;
  viewing: Viewing;
}

/** The actions of one state of the graph and of the screen; `present` is what they depend on. */
const Listed = memo(function Listed({ studio, viewing }: ActionsProps & { present: object }) {
  useActionList(studio, viewing);
  return null;
});

function documentOf({ document, isReadOnly }: StudioState): Pick<StudioState, "document" | "isReadOnly"> {
  return { document, isReadOnly };
}

function focusOf({ focused, folded, canActivate, canTry }: ScreenState) {
  return { focused, folded, canActivate, canTry };
}

function useFacts({ store, screen, known }: Open) {
  const text = useText(TEXTS);
  const document = useStore(store, (state) => state.document);
  const findings = useStore(store, (state) => state.findings);
  const folded = useStore(screen, (state) => state.folded);
  const key = graphKey(document);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the order changes with the graph, not with each key typed
  const order = useMemo(() => treeRows(document).map(({ step }) => step), [key]);
  const names = useNames(document);
  const open = useMemo(() => findings.filter((finding) => noteOf(finding, known) === null), [findings, known]);
  const before = useRef<ReadonlyMap<string, StepFacts>>(new Map());
  return useMemo(() => {
    before.current = factsOf({ document, findings: open, folded, order, text, names, before: before.current });
    return before.current;
  }, [document, open, folded, order, text, names]);
}

/** What actions do with the view: the same functions for keys, menus and palette. */
function useViewing({ store, screen }: Open, canvas: { current: CanvasHandle | null }): Viewing {
  const { view } = useSearch({ from: "/shell/workflows/$workflowId/v/$version" });
  const shown = useRef(view);
  shown.current = view;
  return useMemo(() => {
    let at = -1;
    return {
      fit: () => canvas.current?.fit(),
      scaleBy: (by) => canvas.current?.scaleBy(by),
      showProblem: (by) => {
        const found = store.getState().findings.filter(({ step }) => step !== null);
        if (found.length === 0) return;
        at = (at + by + found.length) % found.length;
        const finding = found[at];
        if (finding?.step == null) return;
        store.getState().select(finding.step, finding.field);
        canvas.current?.focusStep(finding.step);
      },
      openSide: () => {
        store.getState().select(screen.getState().focused);
        requestAnimationFrame(() => enterSide());
      },
      hasSteps: () => shown.current !== "json",
      // What is drawn may change with what leads here.
      showStep: (step) => void requestAnimationFrame(() => showStep(canvas.current, step)),
      moveArea,
    };
  }, [store, screen, canvas]);
}

function showStep(canvas: CanvasHandle | null, step: string): void {
  const rows = document.querySelectorAll<HTMLElement>("[role=treeitem][data-step]");
  if (canvas !== null) canvas.focusStep(step);
  else [...rows].find(({ dataset }) => dataset.step === step)?.focus();
}

/** The address has the selected step and the version that changes are saved in. */
function useAddress({ store, screen, keeping }: Open, onVersion: (version: string) => void): void {
  const navigate = useNavigate();
  const search = useSearch({ from: "/shell/workflows/$workflowId/v/$version" });
  const first = useRef(search.step);
  const selected = useStore(store, ({ selection }) => selection?.step ?? null);
  const version = useStore(keeping.status, (state) => state.version);
  const opened = useRef(version);
  useEffect(() => {
    if (first.current === undefined || stepById(store.getState().document, first.current) === null) return;
    store.getState().select(first.current);
    screen.setState({ focused: first.current });
  }, [store, screen]);
  useEffect(() => {
    const step = selected ?? undefined;
    const isFirst = first.current !== undefined;
    first.current = undefined;
    if (isFirst) return;
    void navigate({
      to: ".",
      search: (before: Record<string, unknown>) => withStep(before, step),
      replace: true,
      resetScroll: false,
    });
  }, [navigate, selected]);
  useEffect(() => {
    if (version === opened.current) return;
    opened.current = version;
    onVersion(String(version));
    const { workflowId } = store.getState();
    void navigate({
      to: "/workflows/$workflowId/v/$version",
      params: { workflowId, version: String(version) },
      search: (before: Record<string, unknown>) => before,
      replace: true,
    });
  }, [navigate, version, store, onVersion]);
}

function withStep(search: Record<string, unknown>, step: string | undefined): Record<string, unknown> {
  const { step: _, ...rest } = search;
  return step === undefined ? rest : { ...rest, step };
}

/** The designer: what can be added and the parts at the left, the picture, and the properties of the selected part. */

import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useDeferredValue, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import type { CardVersion } from "../../api/queries/cards/cards";
import { isSame, pathOf, pointerOf, ROOT } from "../../editing/document/path";
import { Page } from "../../kit/Page";
import { useThemeName } from "../../kit/theme";
import { usePreferences } from "../../session/preferences";
import { useMay, useSession } from "../../session/session";
import type { JsonObject } from "../../shared/http";
import { useText } from "../../text/language";
import { checkCard } from "../checks/checks";
import { add } from "../document/commands";
import { outlineOf } from "../document/outline";
import { offeredTypes } from "../document/places";
import { type CardStore, createCardStore } from "../document/store";
import { JsonPane } from "../json/JsonPane";
import { Palette } from "../palette/Palette";
import { Preview } from "../preview/Preview";
import { type Picture, usePicture } from "../preview/use-picture";
import { Properties } from "../properties/Properties";
import { SamplePane } from "../sample/SamplePane";
import { useSample } from "../sample/use-sample";
import { type CardJournals, keyOfCard } from "../saving/journals";
import { useDraft } from "../saving/use-draft";
import { Tree } from "../tree/Tree";
import { Compare } from "../versions/Compare";
import { Activate } from "./Activate";
import { CARD_ROUTE, type Pane, withPane } from "./address";
import { findingsOf, marksOf, textsOf } from "./all-findings";
import styles from "./Designer.module.css";
import { Findings } from "./Findings";
import { Notices } from "./Notices";
import { Panes } from "./Panes";
import { Toolbar } from "./Toolbar";
import { TEXTS } from "./text";
import { useCardJson } from "./use-card-json";
import { useCardKeys } from "./use-card-keys";
import { VersionState } from "./VersionState";

/** What the keyboard goes to in the properties. */
const FIELDS = "input, textarea, select, [role=textbox]";

interface DesignerProps {
  card: CardVersion;
  journals: CardJournals;
  /** A save made another version. */
  onVersion: (saved: CardVersion) => void;
  /** The version is not what it was: it is read again. */
  onReopen: () => void;
}

/** A version of a card in its editors, with what is kept of it. */
export function Designer({ card, journals, onVersion, onReopen }: DesignerProps) {
  const search = useSearch({ from: CARD_ROUTE });
  const theme = useThemeName(usePreferences().preferences.theme);
  const [store] = useState(() => createCardStore(card.card_payload, Date.now));
  const draft = useDraft({ card, store, journals: journals.cards, onVersion });
  const mayEdit = useMay("edit.drafts");
  const [isEditing, setIsEditing] = useState(card.status === "DRAFT");
  const [isActivating, setIsActivating] = useState(false);
  const { document: edited, selected, isLocked } = useStore(store);
  const isReadOnly = !mayEdit || !isEditing || isLocked;
  const parts = useMemo(() => outlineOf(edited), [edited]);
  const key = keyOfCard(useSession().user.user_id, card);
  const json = useCardJson({ store, card: edited, texts: journals.texts, key });
  const sample = useSample(card, search, journals.samples);
  const picture = usePicture(json.wrong === "" ? edited : null, sample.data);
  const { findings, marks } = useFindings(edited, picture, search.step);
  const part = parts.find(({ path }) => isSame(path, selected[0] ?? ROOT)) ?? parts[0];
  const areas = { tree: useRef<HTMLDivElement>(null), properties: useRef<HTMLElement>(null) };
  const marked = useMemo(() => selected.map(pointerOf), [selected]);
  const show = useCallback((pointer: string) => store.select([pathOf(pointer, store.getState().document)]), [store]);
  useCardKeys({ store, draft, isReadOnly, areas, findings, show });
  const pane = search.pane ?? "design";
  const preview = <Preview {...{ picture, marked, theme }} subject={card.card_name} onPart={show} />;
  return (
    <Page
      title={card.card_name}
      width="full"
      aside={<VersionState {...{ draft, mayEdit, isEditing, search }} onEdit={() => setIsEditing(true)} />}
      actions={<Toolbar {...{ store, draft, isReadOnly, findings, search }} onActivate={() => setIsActivating(true)} />}
      tabs={<Tabs />}
    >
      <div className={styles.designer}>
        <Notices draft={draft} store={store} onRecover={() => setIsEditing(true)} />
        <div className={styles[pane]}>
          {pane !== "compare" && (
            <div className={styles.left} ref={areas.tree}>
              <Tree
                {...{ store, parts, selected, marks, isReadOnly }}
                onEdit={() => areas.properties.current?.querySelector<HTMLElement>(FIELDS)?.focus()}
              />
              <Offer store={store} isReadOnly={isReadOnly} />
            </div>
          )}
          {pane === "json" && <JsonPane written={json} isReadOnly={isReadOnly} />}
          {pane === "sample" && <SamplePane written={sample.written} linked={sample.linked} onTake={sample.take} />}
          {pane === "compare" ? (
            <Compare {...{ card: draft.now.stored.card, data: sample.data, theme, search }} document={edited} />
          ) : (
            preview
          )}
          {pane === "design" && part !== undefined && (
            <Properties
              key={part.pointer}
              ref={areas.properties}
              {...{ store, part, isReadOnly, data: sample.data }}
              count={selected.length}
              findings={textsOf(findings, part.pointer)}
            />
          )}
        </div>
        <Findings findings={findings} onShow={show} />
      </div>
      {isActivating && <Activate {...{ draft, findings }} onDone={onReopen} onClose={() => setIsActivating(false)} />}
    </Page>
  );
}

/** The pane of the address, and the ways to the others. */
function Tabs() {
  const search = useSearch({ from: CARD_ROUTE });
  const params = useParams({ from: CARD_ROUTE });
  const navigate = useNavigate();
  const show = (pane: Pane): void =>
    void navigate({ to: "/cards/$cardId/v/$version", params, search: withPane(search, pane) });
  return <Panes pane={search.pane ?? "design"} onPane={show} />;
}

/** The findings of the checks and of the picture, and the worst of them at each part. */
function useFindings(card: JsonObject, picture: Picture, step: string | undefined) {
  const text = useText(TEXTS);
  // What is written shows at once; the checks of a large card may come a moment later.
  const checked = useDeferredValue(card);
  const checks = useMemo(() => checkCard(checked, step?.startsWith("approval")), [checked, step]);
  const findings = useMemo(() => findingsOf(checks, picture, card, text), [checks, picture, card, text]);
  const marks = useMemo(() => marksOf(findings), [findings]);
  return { findings, marks };
}

/** What can be added at the selected part. */
function Offer({ store, isReadOnly }: { store: CardStore; isReadOnly: boolean }) {
  const { document, selected } = useStore(store);
  const [place = ROOT] = selected;
  const addParts = (made: readonly JsonObject[]): void => store.change(add(store.getState().document, made, place));
  return <Palette offered={offeredTypes(document, place)} isReadOnly={isReadOnly} onAdd={addParts} />;
}

/** The panel of one step: what it is, its settings, data, errors, notes and JSON. */

import { Button, Tab, TabList, Tooltip } from "@fluentui/react-components";
import { memo, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { DataPicker } from "../../expression/picker/DataPicker";
import { ExpressionProvider } from "../../expression/source";
import { useTypeOf } from "../../expression/use-judgement";
import { InputsProvider } from "../../kit/fields/inputs";
import { Fold } from "../../kit/folds/Fold";
import { Icon } from "../../kit/icons";
import { Empty } from "../../kit/states/Empty";
import { useText } from "../../text/language";
import { nameOf } from "../document/definition";
import type { StudioStore } from "../document/store";
import { type StepEdit, useStepEdit } from "./form/edit";
import styles from "./Panels.module.css";
import { StudioJson, StudioText } from "./StudioInputs";
import { TABS, type TabName } from "./tab-names";
import { DataTab } from "./tabs/DataTab";
import { JsonTab } from "./tabs/JsonTab";
import { NotesTab } from "./tabs/NotesTab";
import { RetryTab } from "./tabs/RetryTab";
import { SettingsTab } from "./tabs/SettingsTab";
import { PANEL_TEXTS } from "./text";
import { askedTry } from "./tries/asked";
import { useStepSource } from "./use-step-source";

interface StepPanelProps {
  store: StudioStore;
  stepId: string;
}

export const StepPanel = memo(function StepPanel({ store, stepId }: StepPanelProps) {
  const text = useText(PANEL_TEXTS);
  const edit = useStepEdit(store, stepId);
  if (edit === null) return <Empty icon="help" title={text.gone} />;
  // Another step is another form: what is typed belongs to the step that it was typed for.
  return <Panel key={stepId} edit={edit} />;
});

function Panel({ edit }: { edit: StepEdit }) {
  const [tab, setTab] = useState<TabName>("settings");
  const [isLarge, setIsLarge] = useState(false);
  const source = useStepSource(edit.store, edit.id);
  const box = useRef<HTMLElement>(null);
  const asked = askedTry(edit.store);
  const isTried = useStore(asked, ({ step }) => step === edit.id);
  // What is tried is on the tab of the data, which is beside the settings where the panel is large.
  const isShown = tab === "data" || (tab === "settings" && isLarge);
  useEffect(() => {
    if (!isTried || isShown) return;
    setTab("data");
    focusInPlaceOfField(box.current);
  }, [isTried, isShown]);
  const choose = (next: TabName): void => {
    asked.setState({ step: null });
    setTab(next);
  };
  return (
    <ExpressionProvider source={source}>
      <InputsProvider text={StudioText} json={StudioJson} useType={useTypeOf}>
        <section ref={box} className={`${styles.panel} ${isLarge ? styles.large : ""}`} aria-label={edit.id}>
          <div className={styles.head}>
            <Tabs tab={tab} onTab={choose} />
            <Size isLarge={isLarge} onSize={() => setIsLarge(!isLarge)} />
          </div>
          {isLarge && <h3 className={styles.name}>{nameOf(edit.step)}</h3>}
          <Shown edit={edit} tab={tab} isLarge={isLarge} />
        </section>
      </InputsProvider>
    </ExpressionProvider>
  );
}

/** The field that has the focus, or had it in the panel of another step, is taken away: the tab of the data gets it. */
function focusInPlaceOfField(box: HTMLElement | null): void {
  const { activeElement, body } = document;
  const isField = box?.querySelector("[role=tabpanel]")?.contains(activeElement) === true;
  if (!isField && activeElement !== null && activeElement !== body) return;
  box?.querySelectorAll<HTMLElement>("[role=tab]")[TABS.indexOf("data")]?.focus();
}

interface TabsProps {
  tab: TabName;
  onTab: (tab: TabName) => void;
}

function Tabs({ tab, onTab }: TabsProps) {
  const { tabs } = useText(PANEL_TEXTS);
  return (
    <TabList
      size="small"
      className={styles.tabs}
      selectedValue={tab}
      onTabSelect={(_, { value }) => onTab(TABS.find((each) => each === value) ?? "settings")}
    >
      {TABS.map((each) => (
        <Tab key={each} value={each}>
          {tabs[each]}
        </Tab>
      ))}
    </TabList>
  );
}

/** Beside the canvas, or over it with data, form and output side by side. */
function Size({ isLarge, onSize }: { isLarge: boolean; onSize: () => void }) {
  const text = useText(PANEL_TEXTS);
  return (
    <Tooltip content={isLarge ? text.smaller : text.larger} relationship="label">
      <Button
        appearance="subtle"
        size="small"
        aria-pressed={isLarge}
        icon={<Icon name="screen" size={16} />}
        onClick={onSize}
      />
    </Tooltip>
  );
}

interface ShownProps {
  edit: StepEdit;
  tab: TabName;
  isLarge: boolean;
}

function Shown({ edit, tab, isLarge }: ShownProps) {
  useFieldFocus(edit);
  if (tab === "settings") {
    return (
      <div className={isLarge ? styles.columns : styles.body} role="tabpanel">
        {isLarge && <DataPicker />}
        <SettingsTab edit={edit} />
        {isLarge ? <DataTab edit={edit} hasPicker={false} /> : <Picker />}
      </div>
    );
  }
  return (
    <div className={styles.body} role="tabpanel">
      {tab === "data" && <DataTab edit={edit} />}
      {tab === "retry" && <RetryTab edit={edit} />}
      {tab === "notes" && <NotesTab edit={edit} />}
      {tab === "json" && <JsonTab edit={edit} />}
    </div>
  );
}

/** The data tree below the form, which is opened where values are picked. */
function Picker() {
  const text = useText(PANEL_TEXTS);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <div className={styles.picker}>
      <Fold label={text.insertData} onToggle={setIsOpen}>
        {isOpen && <DataPicker />}
      </Fold>
    </div>
  );
}

/** Scrolls to the field of a finding that was jumped to. */
function useFieldFocus({ store, id }: StepEdit): void {
  useEffect(
    () =>
      store.subscribe(({ selection }, before) => {
        if (selection === before.selection || selection?.step !== id || selection.field === "") return;
        document.getElementById(`${id}${selection.field}`)?.scrollIntoView?.({ block: "center" });
      }),
    [store, id],
  );
}

/** Which step the panel is of: its name, type and id, and what is done to the panel itself. */

import { Button, Tooltip } from "@fluentui/react-components";
import { useState } from "react";
import { CopyButton } from "../../kit/CopyButton";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import { nameOf } from "../document/definition";
import type { StepEdit } from "./form/edit";
import styles from "./Panels.module.css";
import { RenameId } from "./RenameId";
import { PANEL_TEXTS } from "./text";
import { START } from "../../graph/outline";

interface PanelHeadProps {
  edit: StepEdit;
  isLarge: boolean;
  onLarge: () => void;
}

export function PanelHead({ edit, isLarge, onLarge }: PanelHeadProps) {
  const text = useText(PANEL_TEXTS);
  const [isRenamed, setIsRenamed] = useState(false);
  const type = text.types[edit.type as keyof typeof text.types] ?? edit.type;
  return (
    <header className={styles.head}>
      <div className={styles.names}>
        <h2 className={styles.name}>{nameOf(edit.step)}</h2>
        <span className={styles.hint}>
          {type} <code>{edit.id}</code>
        </span>
      </div>
      <CopyButton value={edit.id} label={text.copyId} />
      {!edit.isReadOnly && edit.id !== START && (
        <Act icon="pencil" label={text.rename} onClick={() => setIsRenamed(!isRenamed)} />
      )}
      <Act icon="screen" label={isLarge ? text.smaller : text.larger} onClick={onLarge} />
      <Act icon="close" label={text.close} onClick={() => edit.store.getState().select(null)} />
      {isRenamed && <RenameId edit={edit} onDone={() => setIsRenamed(false)} />}
    </header>
  );
}

interface ActProps {
  icon: "pencil" | "screen" | "close";
  label: string;
  onClick: () => void;
}

function Act({ icon, label, onClick }: ActProps) {
  return (
    <Tooltip content={label} relationship="label">
      <Button appearance="subtle" size="small" icon={<Icon name={icon} size={16} />} onClick={onClick} />
    </Tooltip>
  );
}

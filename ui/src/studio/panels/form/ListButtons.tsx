/** The buttons of a list within a panel: one more entry, and one entry less. */

import { Button } from "@fluentui/react-components";
import { Icon } from "../../../kit/icons";
import type { StepEdit } from "./edit";

interface ActProps {
  edit: StepEdit;
  label: string;
  onClick: () => void;
}

/** Takes an entry away; nothing where the form is only read. */
export function RemoveButton({ edit, label, onClick }: ActProps) {
  if (edit.isReadOnly) return null;
  return <Button appearance="subtle" icon={<Icon name="close" size={14} />} aria-label={label} onClick={onClick} />;
}

/** Adds an entry; disabled when the list is full, nothing where the form is only read. */
export function AddButton({ edit, label, isFull, onClick }: ActProps & { isFull: boolean }) {
  if (edit.isReadOnly) return null;
  return (
    <div>
      <Button
        size="small"
        appearance="subtle"
        disabled={isFull}
        icon={<Icon name="plus" size={14} />}
        onClick={onClick}
      >
        {label}
      </Button>
    </div>
  );
}

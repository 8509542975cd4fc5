import { Button } from "@fluentui/react-components";
import { useText } from "../../text/language";
import styles from "../Inbox.module.css";
import { TEXTS } from "../text";
import { decisionOf } from "./decide";
import type { Decision } from "./use-held";

interface HeldBarProps {
  held: Decision | null;
  onUndo: () => void;
}

/** What was decided by a key and can be taken back. It is there before it says something, so that it is read out. */
export function HeldBar({ held, onUndo }: HeldBarProps) {
  const { held: text } = useText(TEXTS);
  return (
    <div role="status" className={held === null ? undefined : styles.held}>
      {held !== null && (
        <>
          <span>{text.sentence(outcomeOf(held), held.action.title, held.subject)} </span>
          <Button size="small" onClick={onUndo}>
            {text.undo} (Z)
          </Button>
        </>
      )}
    </div>
  );
}

function outcomeOf({ action: { data } }: Decision): "approved" | "rejected" | null {
  return typeof data.action === "string" ? decisionOf(data.action) : null;
}

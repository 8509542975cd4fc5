import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import type { ReactNode } from "react";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import styles from "./admin.module.css";

interface OnceDialogProps {
  title: string;
  hint: string;
  /** The button that closes it; "Close" when it is left out. */
  verb?: string;
  onClose: () => void;
  children: ReactNode;
}

/** Shows what is shown only once; a click beside it does not close it. */
export function OnceDialog({ title, hint, verb, onClose, children }: OnceDialogProps) {
  const shared = useText(SHARED);
  return (
    <Dialog open modalType="alert">
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent>
            <p className={styles.lead}>{hint}</p>
            {children}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={onClose}>
              {verb ?? shared.close}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** A question before something that cannot be undone. It names the effect, and its button says what it does. */

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { type ReactNode, useId } from "react";
import { useText } from "../text/language";
import { SHARED } from "../text/shared";
import styles from "./Confirm.module.css";
import { Problem } from "./states/Problem";

interface ConfirmProps {
  title: string;
  /** The button that does it, such as "Revoke the key". */
  verb: string;
  isDangerous?: boolean;
  isBusy?: boolean;
  error?: unknown;
  words?: Readonly<Record<string, string>>;
  onConfirm: () => void;
  onClose: () => void;
  children?: ReactNode;
}

export function Confirm(props: ConfirmProps) {
  const { title, verb, isDangerous = false, isBusy = false, error, words = {}, onConfirm, onClose, children } = props;
  const text = useText(SHARED);
  const form = useId();
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    onConfirm();
  };
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent>
            <form id={form} onSubmit={submit} className={styles.form}>
              {children}
              {error !== null && error !== undefined && <Problem error={error} words={words} shape="bar" />}
            </form>
          </DialogContent>
          <DialogActions fluid className={styles.actions}>
            <Button onClick={onClose}>{text.cancel}</Button>
            <Button
              type="submit"
              form={form}
              appearance="primary"
              className={isDangerous ? `${styles.verb} ${styles.danger}` : styles.verb}
              disabled={isBusy}
            >
              {verb}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

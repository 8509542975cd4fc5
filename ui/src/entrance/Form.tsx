/** The parts of forms that need no session. */

import type { FormEvent, ReactNode } from "react";
import { PasswordField } from "../session/PasswordField";
import { useText } from "../text/language";
import styles from "./Frame.module.css";
import { TEXTS } from "./text";

const LEAST_CHARACTERS = 12;

/** The field of a new password, with how many characters are missing. */
export function NewPassword({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const text = useText(TEXTS);
  const missing = LEAST_CHARACTERS - [...value].length;
  return (
    <PasswordField
      label={text.newPassword}
      value={value}
      onChange={onChange}
      autoComplete="new-password"
      hint={value !== "" && missing > 0 ? text.tooShort(missing) : text.passwordHint}
    />
  );
}

export function Form({ onSubmit, children }: { onSubmit: () => void; children: ReactNode }) {
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className={styles.fields} onSubmit={submit} noValidate>
      {children}
    </form>
  );
}

/** Returns whether a password has the least number of characters. */
export function isLongEnough(password: string): boolean {
  return [...password].length >= LEAST_CHARACTERS;
}

import { Button, Field, Input } from "@fluentui/react-components";
import { type ReactNode, useState } from "react";
import { useText } from "../text/language";
import styles from "./SignInForm.module.css";
import { TEXTS } from "./text";

interface PasswordFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  autoComplete: "current-password" | "new-password";
  hint?: string;
  problem?: string;
  /** At the right of the label. */
  aside?: ReactNode;
}

/** A password that can be shown. */
export function PasswordField({ label, value, onChange, autoComplete, hint, problem, aside }: PasswordFieldProps) {
  const text = useText(TEXTS);
  const [isShown, setIsShown] = useState(false);
  const toggle = (
    <Button appearance="transparent" size="small" aria-pressed={isShown} onClick={() => setIsShown(!isShown)}>
      {isShown ? text.hidePassword : text.showPassword}
    </Button>
  );
  return (
    <div className={styles.password}>
      <Field
        label={label}
        {...(hint === undefined ? {} : { hint })}
        {...(problem === undefined ? {} : { validationMessage: problem })}
        required
      >
        <Input
          type={isShown ? "text" : "password"}
          size="large"
          value={value}
          autoComplete={autoComplete}
          contentAfter={toggle}
          onChange={(_, { value: next }) => onChange(next)}
        />
      </Field>
      {aside}
    </div>
  );
}

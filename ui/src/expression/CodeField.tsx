import { Field } from "@fluentui/react-components";
import { Apart } from "../kit/fields/Apart";
import styles from "./Expression.module.css";
import { TextBox } from "./editor/TextBox";

interface CodeFieldProps {
  label: string;
  value: string;
  onChange: (code: string) => void;
  hint?: string | undefined;
  problem?: string | undefined;
  isReadOnly?: boolean;
}

/** Code of an author. `${` means nothing in it. */
export function CodeField({ label, value, onChange, hint, problem, isReadOnly = false }: CodeFieldProps) {
  return (
    <Field
      label={label}
      required
      {...(hint !== undefined && { hint })}
      {...(problem !== undefined && { validationMessage: problem })}
    >
      {(aria) => (
        <Apart>
          <TextBox
            value={value}
            label={label}
            mode="code"
            isMultiline
            isReadOnly={isReadOnly}
            aria={aria}
            onChange={onChange}
            view={(text) => <pre className={styles.pre}>{text}</pre>}
          />
        </Apart>
      )}
    </Field>
  );
}

/** A text that may hold expressions, with what the server says of it while it is edited. */

import { Field } from "@fluentui/react-components";
import { Apart } from "../kit/fields/Apart";
import { ExpressionBox } from "./ExpressionBox";
import type { Expected } from "./types";

export interface ExpressionFieldProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
  hint?: string | undefined;
  /** What is wrong, as a finding of the whole definition says. */
  problem?: string | undefined;
  expected?: Expected;
  isMultiline?: boolean;
  isRequired?: boolean;
  isReadOnly?: boolean;
  placeholder?: string;
}

export function ExpressionField(props: ExpressionFieldProps) {
  const { label, value, hint, problem, expected = "text", isMultiline = false, isReadOnly = false } = props;
  return (
    <Field
      label={label}
      required={props.isRequired ?? false}
      {...(hint !== undefined && { hint })}
      {...(problem !== undefined && { validationMessage: problem })}
    >
      {(aria) => (
        <Apart>
          <ExpressionBox
            value={value}
            label={label}
            expected={expected}
            isMultiline={isMultiline}
            isReadOnly={isReadOnly}
            placeholder={props.placeholder ?? ""}
            aria={aria}
            onChange={props.onChange}
          />
        </Apart>
      )}
    </Field>
  );
}

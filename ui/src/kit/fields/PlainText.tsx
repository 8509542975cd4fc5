import { Field, Input, Textarea } from "@fluentui/react-components";
import { frameOf } from "./field";
import type { TextInputProps } from "./inputs";

/** A text without expressions. */
export function PlainText(props: TextInputProps) {
  const { value, onChange, isMultiline = false, isReadOnly = false, placeholder = "" } = props;
  const shared = { value, placeholder, readOnly: isReadOnly };
  return (
    <Field {...frameOf({ ...props, onChange: () => undefined })}>
      {isMultiline ? (
        <Textarea rows={4} resize="vertical" {...shared} onChange={(_, { value: text }) => onChange(text)} />
      ) : (
        <Input autoComplete="off" {...shared} onChange={(_, { value: text }) => onChange(text)} />
      )}
    </Field>
  );
}

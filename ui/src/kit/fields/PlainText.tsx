import { Field, Input, Textarea } from "@fluentui/react-components";
import { useId } from "react";
import { frameOf, type TextInputProps } from "./field";

/** A text without expressions. */
export function PlainText(props: TextInputProps) {
  const { value, onChange, isMultiline = false, isReadOnly = false, placeholder = "", choices = [] } = props;
  const list = useId();
  const shared = { value, placeholder, readOnly: isReadOnly };
  return (
    <>
      <Field {...frameOf({ ...props, onChange: () => undefined })}>
        {isMultiline ? (
          <Textarea rows={4} resize="vertical" {...shared} onChange={(_, { value: text }) => onChange(text)} />
        ) : (
          <Input autoComplete="off" list={list} {...shared} onChange={(_, { value: text }) => onChange(text)} />
        )}
      </Field>
      <datalist id={list}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </datalist>
    </>
  );
}

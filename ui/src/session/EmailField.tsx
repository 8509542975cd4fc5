import { Field, Input } from "@fluentui/react-components";
import { useText } from "../text/language";
import { TEXTS } from "./text";

interface EmailFieldProps {
  value: string;
  onChange: (value: string) => void;
  readOnly?: boolean;
}

/** The address by which a person signs in; password managers fill it in. */
export function EmailField({ value, onChange, readOnly = false }: EmailFieldProps) {
  const text = useText(TEXTS);
  return (
    <Field label={text.email} required>
      <Input
        type="email"
        size="large"
        autoComplete="username"
        readOnly={readOnly}
        value={value}
        onChange={(_, { value: next }) => onChange(next)}
      />
    </Field>
  );
}

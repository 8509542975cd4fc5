import { Field, Input } from "@fluentui/react-components";
import { useId } from "react";
import { useText } from "../../text/language";
import { TEXTS } from "./text";
import { isZone } from "./zone";

interface ZoneFieldProps {
  value: string;
  onChange: (zone: string) => void;
  /** What holds when the field is empty; without it a zone is required. */
  fallback?: string;
  isReadOnly?: boolean;
}

/** A time zone by its IANA name; the browser proposes those that it knows. */
export function ZoneField({ value, onChange, fallback, isReadOnly = false }: ZoneFieldProps) {
  const text = useText(TEXTS);
  const list = useId();
  const isWrong = value.trim() === "" ? fallback === undefined : !isZone(value.trim());
  return (
    <Field
      label={text.zone}
      hint={fallback === undefined ? text.hint : text.hintWith(fallback)}
      {...(isWrong && { validationMessage: text.unknown, validationState: "error" as const })}
      required={fallback === undefined}
    >
      {(field) => (
        <>
          <Input
            {...field}
            list={list}
            autoComplete="off"
            readOnly={isReadOnly}
            value={value}
            onChange={(_, { value: typed }) => onChange(typed)}
          />
          <datalist id={list}>
            {Intl.supportedValuesOf("timeZone").map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

import { Field, Input } from "@fluentui/react-components";
import { useId } from "react";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { isZone } from "./calendar";

/** A time zone by its IANA name; the browser proposes those that it knows. */
export function ZoneField({ value, onChange }: { value: string; onChange: (zone: string) => void }) {
  const { calendars: text } = useText(TEXTS);
  const list = useId();
  const isWrong = !isZone(value.trim());
  return (
    <Field
      label={text.zone}
      hint={text.zoneHint}
      {...(isWrong && { validationMessage: text.unknownZone, validationState: "error" as const })}
      required
    >
      {(field) => (
        <>
          <Input {...field} list={list} value={value} onChange={(_, { value: typed }) => onChange(typed)} />
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

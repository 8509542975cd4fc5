import { Field, Input } from "@fluentui/react-components";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { Apart } from "./Apart";
import { Computed } from "./Computed";
import styles from "./Fields.module.css";
import { type FieldProps, frameOf } from "./field";
import { TEXTS } from "./text";

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;
const MINUTE_MS = 60_000;

/** A point of time as RFC 3339, chosen in the time zone of the browser or typed with its offset. */
export function InstantField(props: FieldProps) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const { value, onChange, label, isReadOnly = false } = props;
  const written = typeof value === "string" ? value : "";
  const at = RFC_3339.test(written) ? Date.parse(written) : Number.NaN;
  return (
    <Computed field={props} expected="text">
      <Field {...frameOf(props)}>
        {(aria) => (
          <Apart>
            <div className={styles.stack}>
              <Input
                {...aria}
                className={styles.mono}
                autoComplete="off"
                placeholder="2026-03-02T07:00:00+01:00"
                readOnly={isReadOnly}
                value={written}
                onChange={(_, { value: next }) => onChange(next === "" ? undefined : next)}
              />
              <Input
                type="datetime-local"
                aria-label={text.pickTime(label)}
                disabled={isReadOnly}
                value={Number.isNaN(at) ? "" : localOf(at)}
                onChange={(_, { value: next }) => onChange(next === "" ? undefined : withOffset(next))}
              />
              {written !== "" && (
                <span className={styles.hint}>{Number.isNaN(at) ? text.noInstant : formats.instant(at)}</span>
              )}
            </div>
          </Apart>
        )}
      </Field>
    </Computed>
  );
}

function localOf(at: number): string {
  const offset = new Date(at).getTimezoneOffset() * MINUTE_MS;
  return new Date(at - offset).toISOString().slice(0, 16);
}

/** Returns a local time of the browser, such as `2026-03-02T07:00`, with its offset. */
export function withOffset(local: string): string {
  const minutes = -new Date(local).getTimezoneOffset();
  const two = (value: number): string => String(Math.floor(Math.abs(value))).padStart(2, "0");
  return `${local}:00${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

import { Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { ExactNumber } from "../../shared/exact";
import { useText } from "../../text/language";
import { Computed } from "./Computed";
import { type FieldProps, frameOf } from "./field";
import { TEXTS } from "./text";

interface NumberFieldProps extends FieldProps {
  isWhole?: boolean;
  least?: number | undefined;
  most?: number | undefined;
  placeholder?: string;
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A number, with all its digits. */
export function NumberField(props: NumberFieldProps) {
  const text = useText(TEXTS);
  const { value, onChange, isReadOnly = false, placeholder = "" } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed === null ? "" : complaintOf(typed, props);
  const change = (next: string): void => {
    const clean = withoutZeros(next.trim().replace(",", "."));
    const isFine = complaintOf(clean, props) === "";
    setTyped(isFine ? null : next);
    if (isFine) onChange(clean === "" ? undefined : numberOf(clean));
  };
  const problem = wrong === "" ? props.problem : text.noNumber(props.least, props.most, props.isWhole ?? false);
  return (
    <Computed field={props} expected="number">
      <Field {...frameOf({ ...props, problem })}>
        <Input
          inputMode="decimal"
          autoComplete="off"
          placeholder={placeholder}
          readOnly={isReadOnly}
          value={typed ?? spellingOf(value)}
          onChange={(_, { value: next }) => change(next)}
        />
      </Field>
    </Computed>
  );
}

function complaintOf(typed: string, { isWhole = false, least, most }: NumberFieldProps): "" | "wrong" {
  const clean = typed.trim();
  if (clean === "") return "";
  if (!NUMBER.test(clean)) return "wrong";
  const number = Number(clean);
  if (isWhole && !Number.isInteger(number)) return "wrong";
  return (least !== undefined && number < least) || (most !== undefined && number > most) ? "wrong" : "";
}

// Typed behind the 0 of a new condition, 1000 is 01000.
function withoutZeros(typed: string): string {
  return typed.replace(/^(-?)0+(?=\d)/, "$1");
}

/** Returns the number of a text; one that would lose digits keeps them. */
export function numberOf(text: string): number | ExactNumber {
  const number = Number(text);
  return String(number) === text ? number : new ExactNumber(text);
}

function spellingOf(value: unknown): string {
  if (value instanceof ExactNumber) return value.text;
  return typeof value === "number" || typeof value === "string" ? String(value) : "";
}

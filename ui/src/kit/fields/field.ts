/** What all fields of a form have in common. */

import { hasExpression } from "../../shared/expressions";
import type { IconName } from "../icons";

/** The kind of value that a field holds. */
export type ValueKind = "any" | "text" | "number" | "boolean" | "list" | "object";

export interface FieldProps {
  label: string;
  /** The value as the document has it, also one of another type; `undefined` for none. */
  value: unknown;
  /** Takes the new value; `undefined` takes the member away. */
  onChange: (value: unknown) => void;
  /** A name that no other field of the form has, such as its path. */
  name: string;
  hint?: string | undefined;
  /** What is wrong with the value, as the whole form was judged. */
  problem?: string | undefined;
  isRequired?: boolean;
  isReadOnly?: boolean;
}

export interface Option<Value extends string = string> {
  value: Value;
  label: string;
  icon?: IconName;
}

export interface TextInputProps extends Omit<FieldProps, "value" | "onChange"> {
  value: string;
  onChange: (text: string) => void;
  isMultiline?: boolean;
  placeholder?: string;
  /** What an expression must give. */
  expected?: ValueKind;
  /** Values to choose from; others may be typed. */
  choices?: readonly Option[];
}

/** Returns the properties of Fluent's `Field` for one of ours. */
export function frameOf({ label, hint, problem, isRequired = false }: FieldProps) {
  return {
    label,
    required: isRequired,
    ...(hint !== undefined && { hint }),
    ...(problem !== undefined && { validationMessage: problem }),
  };
}

/** Returns whether a value is a text that the server computes. */
export function isComputed(value: unknown): value is string {
  return typeof value === "string" && hasExpression(value);
}

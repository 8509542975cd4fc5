/** How texts and JSON are typed: as they are, or in a form of the Studio with expressions. */

import { type ComponentType, createContext, type ReactNode, useContext, useMemo } from "react";
import type { FieldProps, ValueKind } from "./field";
import { PlainJson } from "./PlainJson";
import { PlainText } from "./PlainText";

export interface TextInputProps extends Omit<FieldProps, "value" | "onChange"> {
  value: string;
  onChange: (text: string) => void;
  isMultiline?: boolean;
  placeholder?: string;
  /** What an expression must give. */
  expected?: ValueKind;
}

interface Inputs {
  Text: ComponentType<TextInputProps>;
  Json: ComponentType<FieldProps>;
  /** Whether a value of any kind may be an expression. */
  isComputing: boolean;
}

const InputsContext = createContext<Inputs>({ Text: PlainText, Json: PlainJson, isComputing: false });

interface InputsProviderProps {
  text: ComponentType<TextInputProps>;
  json: ComponentType<FieldProps>;
  children: ReactNode;
}

/** Gives the fields below inputs in which expressions can be written. */
export function InputsProvider({ text, json, children }: InputsProviderProps) {
  const value = useMemo(() => ({ Text: text, Json: json, isComputing: true }), [text, json]);
  return <InputsContext value={value}>{children}</InputsContext>;
}

export function useInputs(): Inputs {
  return useContext(InputsContext);
}

/** How texts and JSON are typed: as they are, or in a form of the Studio with expressions. */

import { type ComponentType, createContext, type ReactNode, useContext, useMemo } from "react";
import type { FieldProps, TextInputProps } from "./field";
import { PlainJson } from "./PlainJson";
import { PlainText } from "./PlainText";

interface Inputs {
  Text: ComponentType<TextInputProps>;
  Json: ComponentType<FieldProps>;
  /** Whether a value of any kind may be an expression. */
  isComputing: boolean;
  /** A hook: returns the type of the value of a text, such as `list of text`; null while it is not known. */
  useType: (text: string) => string | null;
}

const InputsContext = createContext<Inputs>({
  Text: PlainText,
  Json: PlainJson,
  isComputing: false,
  useType: () => null,
});

interface InputsProviderProps {
  text: ComponentType<TextInputProps>;
  json: ComponentType<FieldProps>;
  useType: Inputs["useType"];
  children: ReactNode;
}

/** Gives the fields below inputs in which expressions can be written. */
export function InputsProvider({ text, json, useType, children }: InputsProviderProps) {
  const value = useMemo(() => ({ Text: text, Json: json, isComputing: true, useType }), [text, json, useType]);
  return <InputsContext value={value}>{children}</InputsContext>;
}

/** Returns the inputs that fields are made of here. */
export function useInputs(): Inputs {
  return useContext(InputsContext);
}

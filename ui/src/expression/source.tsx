/** Where the expressions of a form get their data from, and which field a picked value goes into. */

import {
  createContext,
  type Dispatch,
  type ReactNode,
  type SetStateAction,
  useContext,
  useMemo,
  useState,
} from "react";
import type { Checked } from "../api/queries/expression/expressions";
import type { InputOf } from "../api/types";
import { wholeExpression } from "../shared/expressions";
import type { Expected } from "./types";

/** What is known of the data: a step of a definition that is being edited, a stored one, a sample or a schema. */
export type DataContext = Pick<
  InputOf<"validateExpression">,
  "data" | "schema" | "definition" | "workflow_id" | "workflow_version" | "step_id"
>;

export interface ExpressionSource {
  /** Whether the texts are those of a card, whose data may be any value and whose texts have no type. */
  isCard?: boolean;
  /** Returns what is known of the data now. Read when it is needed, so that no field is drawn again by an edit elsewhere. */
  where: () => DataContext;
  /** Names what `where` returns: answers of the server are kept as long as it stays. */
  version: () => string;
  /** Data on which values are shown; null while there is none. */
  sample: unknown;
  /** Texts that are not JSON yet, by the name of their field: they outlive the form. */
  unfinished: Map<string, string>;
  /** Called when a field has nothing of its own to undo. Returns whether something was undone. */
  undo?: () => boolean;
  redo?: () => boolean;
}

const NO_DATA: ExpressionSource = { where: () => ({}), version: () => "", sample: null, unfinished: new Map() };

/** A field that has, or had last, the cursor. */
export interface Target {
  /** Inserts a path at the cursor. */
  insert: (path: string) => void;
  expected: Expected;
  label: string;
}

interface Targets {
  target: Target | null;
  setTarget: Dispatch<SetStateAction<Target | null>>;
}

const SourceContext = createContext<ExpressionSource>(NO_DATA);
const TargetContext = createContext<Targets>({ target: null, setTarget: () => undefined });

/** Gives the fields below it the data that their expressions read, and remembers the field that a value is picked
 * for. */
export function ExpressionProvider({ source, children }: { source: ExpressionSource; children: ReactNode }) {
  const [target, setTarget] = useState<Target | null>(null);
  const targets = useMemo(() => ({ target, setTarget }), [target]);
  return (
    <SourceContext value={source}>
      <TargetContext value={targets}>{children}</TargetContext>
    </SourceContext>
  );
}

/** Returns the data that expressions read here. */
export function useExpressionSource(): ExpressionSource {
  return useContext(SourceContext);
}

/** Returns the field that a picked value goes into, and how a field says that it is the one. */
export function useTarget(): Targets {
  return useContext(TargetContext);
}

/** Returns a text in the form in which the server is asked about it. */
export function questionOf(text: string, { isCard = false }: ExpressionSource): Checked {
  if (isCard) return { card: text };
  const whole = wholeExpression(text);
  return whole === null ? { template: text } : { expression: whole };
}

const identities = new WeakMap<object, string>();
let count = 0;

/** Returns a name for a value, of an object the same for as long as it is this object; none is empty. */
export function identityOf(object: unknown): string {
  if (object === null || object === undefined) return "";
  if (typeof object !== "object") return JSON.stringify(object);
  const known = identities.get(object);
  if (known !== undefined) return known;
  count += 1;
  const made = `sample-${count}`;
  identities.set(object, made);
  return made;
}

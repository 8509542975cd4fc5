/** The judgement of the server on a text, a quarter of a second after the last key. */

import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { useApi } from "../api/context";
import { type ExpressionFinding, type ExpressionFindings, findingsQuery } from "../api/queries/expression/expressions";
import { hasExpression, type Span } from "../shared/expressions";
import { spanOf } from "./code-points";
import { questionOf, useExpressionSource } from "./source";
import { useRested } from "./use-rested";

const REST_MS = 250;

/** A finding with its place in the text, in UTF-16 units; null where it has none. */
export interface Placed {
  finding: ExpressionFinding;
  span: Span | null;
}

export interface Judgement {
  /** The text that was judged. */
  text: string;
  errors: readonly Placed[];
  warnings: readonly Placed[];
  /** The type of a text that is one expression. */
  type: string | null;
  isWhole: boolean;
}

/** Returns the type of a text that is one expression; null while it is not known. Edits elsewhere do not ask again. */
export function useTypeOf(text: string): string | null {
  const source = useExpressionSource();
  const [version] = useState(source.version);
  return useJudgement(text, version)?.type ?? null;
}

/** Returns what is known of a text; null where there is nothing to judge, or not yet. `version` names the data. */
export function useJudgement(text: string, version?: string): Judgement | null {
  const api = useApi();
  const source = useExpressionSource();
  const rested = useRested(text, REST_MS);
  const isJudged = hasExpression(rested);
  const checked = questionOf(rested, source);
  const whole = checked.expression ?? null;
  // While keys are typed, what they change of the document asks nothing of the text before them.
  const judged = useRef("");
  if (text === rested || judged.current === "") judged.current = version ?? source.version();
  const { data, isPlaceholderData } = useQuery({
    ...findingsQuery(api, checked, source.where, judged.current),
    enabled: isJudged,
  });
  return useMemo(
    () => (data === undefined || !isJudged || isPlaceholderData ? null : judgementOf(rested, whole, data)),
    [data, isJudged, isPlaceholderData, rested, whole],
  );
}

/** Returns the findings at their places in the text. `whole` is the text as it was judged, null for the same. */
export function judgementOf(text: string, whole: string | null, found: ExpressionFindings): Judgement {
  // A bare expression is judged without its `${`.
  const shift = whole === null ? 0 : 2;
  const place = (finding: ExpressionFinding): Placed => {
    if (finding.position === null) return { finding, span: null };
    const { from, to } = spanOf(whole ?? text, finding.position, finding.length);
    return { finding, span: { from: from + shift, to: to + shift } };
  };
  return {
    text,
    errors: found.errors.map(place),
    warnings: found.warnings.map(place),
    type: found.type,
    isWhole: whole !== null,
  };
}

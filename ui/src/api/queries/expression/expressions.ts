/** What the server says of expressions while they are written: its judgement, values, completions, functions. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Api } from "../../client";
import type { AnswerOf, InputOf } from "../../types";

export type Completion = AnswerOf<"completeExpression">["items"][number];
export type ExpressionFinding = AnswerOf<"validateExpression">["warnings"][number];
export type ExpressionFindings = AnswerOf<"validateExpression">;
export type Evaluation = AnswerOf<"evaluateExpression">;
export type ExpressionFunction = AnswerOf<"getExpressionFunctions">["items"][number];

/** One of the forms of what the server is asked about. */
export type Checked = Pick<InputOf<"validateExpression">, "expression" | "template" | "card">;
type Where = Omit<InputOf<"validateExpression">, keyof Checked>;

/** How long an answer about a text that is not edited any more stays in memory. */
const SHORT_MS = 30_000;

/** Errors, warnings and the type of an expression or a text; `version` names the data that `where` returns. */
export const findingsQuery = (api: Api, checked: Checked, where: () => Where, version: string) =>
  queryOptions({
    queryKey: ["expression", "findings", checked, version],
    queryFn: ({ signal }) => api.call("validateExpression", { ...checked, ...where() }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: SHORT_MS,
    retry: false,
  });

/** The value of an expression or a text on sample data. */
export const valueQuery = (api: Api, checked: Checked, data: unknown, sample: string) =>
  queryOptions({
    queryKey: ["expression", "value", checked, sample],
    queryFn: ({ signal }) => api.call("evaluateExpression", { ...checked, data }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: SHORT_MS,
    retry: false,
  });

/** All functions of the language; they change with a release only. */
export const functionsQuery = (api: Api) =>
  queryOptions({
    queryKey: ["expression", "functions"],
    queryFn: ({ signal }) => api.call("getExpressionFunctions", undefined, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Returns the completions at a position of a text of settings or of a card; it counts code points. */
export async function complete(
  api: Api,
  text: { template: string } | { card: string },
  position: number,
  where: Where,
  signal: AbortSignal,
): Promise<readonly Completion[]> {
  return (await api.call("completeExpression", { ...text, position, ...where }, { signal })).items;
}

import { useEffect, useRef, useState } from "react";
import { useApi } from "../../api/context";
import { asCallError, type CallError } from "../../api/errors";
import type { AnswerOf } from "../../api/types";
import { isObject, type JsonObject } from "../../shared/http";
import type { Check } from "../checks/check";
import { checkSize, checkTexts } from "../checks/sent";
import { countParts, MOST_PARTS, type ServerFinding, withAddresses, withoutAddresses } from "./picture";

export interface Picture {
  /** The last card that could be drawn, null before the first. */
  card: JsonObject | null;
  /** Whether it is that of the template and the data as they are now. */
  isCurrent: boolean;
  /** Why there is none of now. */
  finding: ServerFinding | null;
  /** Errors and warnings of the server on the expressions of the template. */
  errors: readonly ServerFinding[];
  warnings: readonly ServerFinding[];
  /** The call failed. */
  error: CallError | null;
  /** More parts than are drawn; 0: as many as can be. */
  tooMany: number;
  /** What is wrong in the card as it is sent. */
  sent: readonly Check[];
  fuel: AnswerOf<"evaluateExpression">["fuel"] | null;
}

const NONE: Picture = {
  card: null,
  isCurrent: false,
  finding: null,
  errors: [],
  warnings: [],
  error: null,
  tooMany: 0,
  sent: [],
  fuel: null,
};

export const WAIT_MS = 300;

/** Returns the picture of a template on data. Null for either: it cannot be read, and the last picture stays. */
export function usePicture(template: JsonObject | null, data: unknown): Picture {
  const api = useApi();
  const [picture, setPicture] = useState(NONE);
  const isFirst = useRef(true);
  useEffect(() => {
    setPicture((before) => (before.isCurrent ? { ...before, isCurrent: false } : before));
    if (template === null || data === undefined) return;
    const abort = new AbortController();
    const look = async (): Promise<void> => {
      const options = { signal: abort.signal };
      try {
        const evaluated = api.call("evaluateExpression", { card: withAddresses(template), data }, options);
        const checked = api.call("validateExpression", { card: template, data }, options);
        const [made, findings] = await Promise.all([evaluated, checked]);
        if (!abort.signal.aborted) setPicture((before) => pictureOf(before, made, findings));
      } catch (thrown) {
        if (!abort.signal.aborted)
          setPicture((before) => ({ ...before, isCurrent: false, error: asCallError(thrown) }));
      }
    };
    const timer = setTimeout(() => void look(), isFirst.current ? 0 : WAIT_MS);
    isFirst.current = false;
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [api, template, data]);
  return picture;
}

function pictureOf(
  before: Picture,
  made: AnswerOf<"evaluateExpression">,
  { errors, warnings }: AnswerOf<"validateExpression">,
): Picture {
  const next = { ...before, errors, warnings, error: null, fuel: made.fuel, finding: made.error, tooMany: 0 };
  if (made.error !== null || !isObject(made.value)) return { ...next, isCurrent: false };
  const count = countParts(made.value);
  if (count > MOST_PARTS) return { ...next, isCurrent: false, tooMany: count };
  const sent = [...checkSize(withoutAddresses(made.value)), ...checkTexts(made.value)];
  return { ...next, card: made.value, isCurrent: true, sent };
}

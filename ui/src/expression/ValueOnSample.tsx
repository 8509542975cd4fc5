/** The value of a text on the sample. The last one stays while the next is computed. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { type Evaluation, valueQuery } from "../api/queries/expression/expressions";
import { hasExpression } from "../shared/expressions";
import { useText } from "../text/language";
import styles from "./Expression.module.css";
import { identityOf, questionOf, useExpressionSource } from "./source";
import { TEXTS } from "./text";
import { useRested } from "./use-rested";

const REST_MS = 200;
/** A longer value is cut. */
const LONGEST = 400;
/** From this share of the limit on, the fuel is shown. */
const MUCH_FUEL = 0.1;

interface ValueOnSampleProps {
  text: string;
  type: string | null;
}

export function ValueOnSample({ text, type }: ValueOnSampleProps) {
  const words = useText(TEXTS);
  const { sample } = useExpressionSource();
  if (sample === null) return <p className={styles.hint}>{type === null ? words.noSample : words.keepsType(type)}</p>;
  return <Value text={text} type={type} />;
}

function Value({ text, type }: ValueOnSampleProps) {
  const words = useText(TEXTS);
  const source = useExpressionSource();
  const { sample } = source;
  const rested = useRested(text, REST_MS);
  const { data, error, isFetching } = useQuery({
    ...valueQuery(useApi(), questionOf(rested, source), sample, identityOf(sample)),
    enabled: hasExpression(rested),
  });
  if (data === undefined) return error === null ? null : <p className={styles.hint}>{words.noValue}</p>;
  return (
    <div className={styles.value} data-stale={isFetching}>
      <span className={styles.hint}>{words.onSample}</span>
      <Shown evaluation={data} />
      {type !== null && <span className={styles.hint}>{words.keepsType(type)}</span>}
      {data.fuel.used > data.fuel.limit * MUCH_FUEL && (
        <span className={styles.warning}>{words.fuel(Math.round((100 * data.fuel.used) / data.fuel.limit))}</span>
      )}
    </div>
  );
}

function Shown({ evaluation: { value, is_present, error } }: { evaluation: Evaluation }) {
  const words = useText(TEXTS);
  if (error !== null) return <span className={styles.bad}>{error.message}</span>;
  if (!is_present) return <em>{words.notThere}</em>;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text === "") return <em>{words.emptyText}</em>;
  return <code className={styles.result}>{text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}</code>;
}

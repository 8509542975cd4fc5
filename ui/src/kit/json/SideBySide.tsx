/** Two texts side by side, with their differences by sign and color; on phones below each other. */

import { Fragment, useMemo } from "react";
import { useText } from "../../text/language";
import styles from "./json.module.css";
import { foldEqual, type LinePair, pairLines } from "./lines";
import { TEXTS } from "./text";

interface SideBySideProps {
  /** Names the comparison for who cannot see it. */
  label: string;
  before: string;
  after: string;
  /** What the two are, such as `Version 3`. */
  names?: readonly [before: string, after: string];
}

const SIGNS: Readonly<Record<LinePair["kind"], string>> = { same: " ", changed: "±", added: "+", removed: "−" };

export function SideBySide({ label, before, after, names }: SideBySideProps) {
  const text = useText(TEXTS);
  const parts = useMemo(() => foldEqual(pairLines(before, after)), [before, after]);
  if (parts.length === 0) return <p role="status">{text.equal}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keys too
    <section className={styles.sides} aria-label={label} tabIndex={0}>
      <table className={styles.lines}>
        <thead>
          <tr>
            <th scope="col">{names?.[0] ?? text.before}</th>
            <th scope="col">{names?.[1] ?? text.after}</th>
          </tr>
        </thead>
        <tbody>
          {parts.map(({ skipped, at, pairs }) => (
            <Fragment key={at}>
              {skipped > 0 && (
                <tr>
                  <td colSpan={2} className={styles.skipped}>
                    {text.skipped(skipped)}
                  </td>
                </tr>
              )}
              {pairs.map((pair, row) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the lines have no other name than their place
                <Pair key={row} pair={pair} />
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Pair({ pair: { kind, before, after } }: { pair: LinePair }) {
  const { kinds } = useText(TEXTS);
  const sign = (
    <>
      <span aria-hidden="true">{SIGNS[kind]} </span>
      {kind !== "same" && <span className={styles.spoken}>{kinds[kind]}: </span>}
    </>
  );
  const isLeft = kind === "changed" || kind === "removed";
  const isRight = kind === "changed" || kind === "added";
  return (
    <tr>
      <td className={isLeft ? styles.removed : undefined}>
        {before !== null && (
          <code>
            {isLeft && sign}
            {before}
          </code>
        )}
      </td>
      <td className={isRight ? styles.added : undefined}>
        {after !== null && (
          <code>
            {isRight && sign}
            {after}
          </code>
        )}
      </td>
    </tr>
  );
}

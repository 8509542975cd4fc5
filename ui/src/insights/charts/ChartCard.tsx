/** The frame of a chart: its name, what its colors mean, and the same as a table. */

import { Button, Tooltip } from "@fluentui/react-components";
import { type ReactNode, type RefObject, useRef, useState } from "react";
import { Icon } from "../../kit/icons";
import { Scroller } from "../../kit/Scroller";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./Charts.module.css";
import type { Color } from "./chart";

export interface Table {
  /** The first column names the row. */
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

interface ChartCardProps {
  title: string;
  hint?: string;
  legend?: readonly { name: string; color: Color; isDashed?: boolean }[];
  table: Table;
  /** Shown instead where there is nothing. */
  empty?: string;
  children: ReactNode;
}

export function ChartCard({ title, hint, legend = [], table, empty, children }: ChartCardProps) {
  const text = useText(TEXTS);
  const [isTable, setIsTable] = useState(false);
  const scroll = useRef<HTMLElement>(null);
  const isEmpty = table.rows.length === 0;
  return (
    <figure className={styles.card}>
      <figcaption className={styles.head}>
        <span className={styles.words}>
          <h2 className={styles.title}>{title}</h2>
          {hint && <span className={styles.hint}>{hint}</span>}
          <span className={styles.grow} />
          {!isTable &&
            legend.map(({ name, color, isDashed }) => (
              <span key={name} className={styles.key}>
                <i className={`${styles.swatch} ${styles[color]} ${isDashed ? styles.dashedSwatch : ""}`} />
                {name}
              </span>
            ))}
        </span>
        {!isEmpty && (
          <Tooltip content={isTable ? text.asChart : text.asTable} relationship="label">
            <Button
              appearance="subtle"
              size="small"
              aria-pressed={isTable}
              icon={<Icon name={isTable ? "insights" : "table"} size={16} />}
              onClick={() => setIsTable(!isTable)}
            />
          </Tooltip>
        )}
      </figcaption>
      {isEmpty ? (
        <p className={styles.hint}>{empty ?? text.nothing}</p>
      ) : isTable ? (
        <Values title={title} table={table} scroll={scroll} />
      ) : (
        children
      )}
    </figure>
  );
}

function Values({ title, table, scroll }: { title: string; table: Table; scroll: RefObject<HTMLElement | null> }) {
  const text = useText(TEXTS);
  return (
    <Scroller box={scroll} label={text.tableOf(title)} className={styles.scroll}>
      <table className={styles.table} aria-label={title}>
        <thead>
          <tr>
            {table.head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map(([name = "", ...values]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {values.map((value, at) => (
                <td key={table.head[at + 1]}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}

/** What one item of the list looks like, on the sample. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { valueQuery } from "../../../api/queries/expression/expressions";
import { identityOf, useExpressionSource } from "../../../expression/source";
import { JsonTree } from "../../../kit/JsonTree";
import { wholeExpression } from "../../../shared/expressions";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

export function ItemShape({ edit }: { edit: StepEdit }) {
  const { forEach: text } = useText(PANEL_TEXTS);
  const { sample } = useExpressionSource();
  const { items } = edit.settings;
  const whole = typeof items === "string" ? wholeExpression(items) : null;
  const checked = whole === null ? { template: items } : { expression: whole };
  const { data } = useQuery({
    ...valueQuery(useApi(), checked, sample, identityOf(sample)),
    enabled: sample !== null && items !== undefined && items !== "",
  });
  if (data === undefined || data.error !== null) return <p className={styles.hint}>{text.howTo}</p>;
  if (!Array.isArray(data.value)) return <p className={styles.bad}>{text.noList}</p>;
  return (
    <section className={styles.box} aria-label={text.item}>
      <h3 className={styles.title}>{text.item}</h3>
      <p className={styles.hint}>{text.count(data.value.length)}</p>
      {data.value.length > 0 && <JsonTree label={text.item} value={data.value[0]} />}
    </section>
  );
}

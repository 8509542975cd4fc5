/** The HTML of a mail as its recipients see it, on the sample. */

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../../api/context";
import { valueQuery } from "../../../api/queries/expression/expressions";
import { identityOf, questionOf, useExpressionSource } from "../../../expression/source";
import { useRested } from "../../../expression/use-rested";
import { MailFrame } from "../../../frame/mail/MailFrame";
import { hasExpression } from "../../../shared/expressions";
import { textOf } from "../../../shared/http";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { PANEL_TEXTS } from "../text";

const REST_MS = 300;

export function MailPreview({ edit }: { edit: StepEdit }) {
  const { mail: text } = useText(PANEL_TEXTS);
  const html = useRested(textOf(edit.settings.html) ?? "", REST_MS);
  if (html.trim() === "") return null;
  const subject = textOf(edit.settings.subject) ?? edit.id;
  return (
    <section aria-label={text.picture}>
      <h3 className={styles.title}>{text.picture}</h3>
      {hasExpression(html) ? <OnSample html={html} subject={subject} /> : <MailFrame html={html} subject={subject} />}
    </section>
  );
}

function OnSample({ html, subject }: { html: string; subject: string }) {
  const { mail: text } = useText(PANEL_TEXTS);
  const source = useExpressionSource();
  const { sample } = source;
  const query = valueQuery(useApi(), questionOf(html, source), sample ?? {}, identityOf(sample));
  const { data, error } = useQuery({ ...query, enabled: sample !== null });
  // Without a sample the expressions are shown as they are written.
  if (sample === null) {
    return (
      <>
        <p className={styles.hint}>{text.noSample}</p>
        <MailFrame html={html} subject={subject} />
      </>
    );
  }
  if (error !== null) return <p className={styles.hint}>{text.noPicture("")}</p>;
  if (data === undefined) return null;
  if (data.error !== null) return <p className={styles.bad}>{text.noPicture(data.error.message)}</p>;
  return <MailFrame html={textOf(data.value) ?? ""} subject={subject} />;
}

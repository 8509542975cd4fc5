/** The address that callers use, with the call in their language. */

import { useState } from "react";
import { CopyButton } from "../../../kit/CopyButton";
import { Segmented } from "../../../kit/fields/ChoiceField";
import { LANGUAGES, type SnippetLanguage, snippetOf, triggerUrl } from "../../../kit/trigger/snippets";
import { prettyExact } from "../../../shared/exact";
import { isObject } from "../../../shared/http";
import { useText } from "../../../text/language";
import type { StepEdit } from "../form/edit";
import styles from "../Panels.module.css";
import { useSampleData } from "../samples/use-sample";
import { PANEL_TEXTS } from "../text";

export function CallAddress({ edit }: { edit: StepEdit }) {
  const { trigger: text } = useText(PANEL_TEXTS);
  const [language, setLanguage] = useState<SnippetLanguage>("curl");
  const { document } = useSampleData(edit.store);
  const url = triggerUrl(window.location.origin, edit.store.getState().workflowId);
  const snippet = snippetOf(language, url, bodyOf(document));
  return (
    <section className={styles.box} aria-label={text.address}>
      <h3 className={styles.title}>{text.address}</h3>
      <div className={styles.item}>
        <code className={styles.code}>{url}</code>
        <CopyButton value={url} label={text.copyAddress} />
      </div>
      <Segmented
        label={text.snippet}
        name={`${edit.id}/snippet`}
        value={language}
        options={LANGUAGES.map((value) => ({ value, label: text.languages[value] }))}
        onChange={(next) => setLanguage(LANGUAGES.find((each) => each === next) ?? "curl")}
      />
      <div className={styles.item}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keys too */}
        <pre className={styles.pre} tabIndex={0}>
          {snippet}
        </pre>
        <CopyButton value={snippet} label={text.copySnippet} />
      </div>
      <p className={styles.hint}>{text.keyHint}</p>
    </section>
  );
}

function bodyOf(document: unknown): string {
  const payload = isObject(document) && isObject(document.payload) ? document.payload.output : undefined;
  return prettyExact(payload ?? {});
}

import { Tab as TabButton, TabList } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi } from "../../api/context";
import { payloadQuery } from "../../api/queries/workflows/workflows";
import { CopyButton } from "../../kit/CopyButton";
import { writeJson } from "../../kit/json/json-text";
import { Section } from "../../kit/Page";
import { LANGUAGES, type SnippetLanguage, snippetOf, triggerUrl } from "../../kit/trigger/snippets";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./overview.module.css";

interface CalledProps {
  workflowId: string;
  version: number;
  isActive: boolean;
}

/** The address that starts a workflow, and how other programs call it with the body that is known. */
export function Called({ workflowId, version, isActive }: CalledProps) {
  const { overview: text } = useText(TEXTS);
  const { data } = useQuery(payloadQuery(useApi(), workflowId, version));
  const sample: unknown = data?.item.workflow_mock_payload ?? {};
  // Before a version is active, only its number starts it.
  const url = triggerUrl(window.location.origin, workflowId, isActive ? undefined : version);
  return (
    <Section title={text.called} hint={text.calledHint}>
      <div className={styles.url}>
        <code>{url}</code>
        <CopyButton value={url} label={text.copyUrl} />
      </div>
      <Snippets url={url} sample={sample} />
    </Section>
  );
}

function Snippets({ url, sample }: { url: string; sample: unknown }) {
  const { overview: text } = useText(TEXTS);
  const [chosen, setChosen] = useState<SnippetLanguage>("curl");
  const snippet = useMemo(() => snippetOf(chosen, url, writeJson(sample)), [chosen, url, sample]);
  return (
    <div>
      <TabList
        size="small"
        aria-label={text.snippets}
        selectedValue={chosen}
        onTabSelect={(_, { value }) => setChosen(LANGUAGES.find((each) => each === value) ?? "curl")}
      >
        {LANGUAGES.map((id) => (
          <TabButton key={id} value={id}>
            {text.snippetNames[id]}
          </TabButton>
        ))}
      </TabList>
      <div className={styles.snippet}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keys too */}
        <pre tabIndex={0}>{snippet}</pre>
        <CopyButton value={snippet} label={text.copySnippet} isWide />
      </div>
    </div>
  );
}

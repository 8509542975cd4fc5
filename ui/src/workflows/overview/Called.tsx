import { Tab as TabButton, TabList } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi } from "../../api/context";
import { payloadQuery } from "../../api/queries/makers/workflows";
import { CopyButton } from "../../kit/CopyButton";
import { writeJson } from "../../kit/json/json-text";
import { Section } from "../../kit/Page";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { type Snippet, snippetsOf, triggerUrl } from "../trigger";
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
  const base = triggerUrl(window.location.origin, workflowId);
  // Before a version is active, only its number starts it.
  const url = isActive ? base : `${base}/${version}`;
  const snippets = useMemo(() => snippetsOf(url, writeJson(sample)), [url, sample]);
  return (
    <Section title={text.called} hint={text.calledHint}>
      <div className={styles.url}>
        <code>{url}</code>
        <CopyButton value={url} label={text.copyUrl} />
      </div>
      <Snippets snippets={snippets} />
    </Section>
  );
}

function Snippets({ snippets }: { snippets: readonly Snippet[] }) {
  const { overview: text } = useText(TEXTS);
  const [chosen, setChosen] = useState<Snippet["id"]>("curl");
  const shown = snippets.find(({ id }) => id === chosen);
  return (
    <div>
      <TabList
        size="small"
        aria-label={text.snippets}
        selectedValue={chosen}
        onTabSelect={(_, { value }) => setChosen(snippets.find(({ id }) => id === value)?.id ?? "curl")}
      >
        {snippets.map(({ id }) => (
          <TabButton key={id} value={id}>
            {text.snippetNames[id]}
          </TabButton>
        ))}
      </TabList>
      {shown !== undefined && (
        <div className={styles.snippet}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keys too */}
          <pre tabIndex={0}>{shown.text}</pre>
          <CopyButton value={shown.text} label={text.copySnippet} isWide />
        </div>
      )}
    </div>
  );
}

/** The data on which the card is tried: written, or taken from the workflow or an execution and changed then. */

import { Button, Input, Select } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import { useMay } from "../../session/session";
import { useText } from "../../text/language";
import { TEXTS } from "../designer/text";
import styles from "../json/Json.module.css";
import { LazyEditor } from "../json/LazyEditor";
import type { Written } from "../json/use-written";
import { documentOfExecution, type LinkedWorkflow, sourcesQuery } from "./sources";

interface SamplePaneProps {
  written: Written;
  linked: LinkedWorkflow | null;
  /** Takes other data. */
  onTake: (data: unknown) => void;
}

export function SamplePane({ written, linked, onTake }: SamplePaneProps) {
  const text = useText(TEXTS);
  const api = useApi();
  const maySeeData = useMay("read.payloads");
  const { data: sources = [] } = useQuery(sourcesQuery(api, linked, maySeeData));
  const [executionId, setExecutionId] = useState("");
  const taking = useMutation({ mutationFn: (load: () => Promise<unknown>) => load(), onSuccess: onTake });
  return (
    <div className={styles.pane}>
      <div className={styles.bar}>
        {sources.length > 0 && (
          <Select
            aria-label={text.takeFrom}
            value=""
            disabled={taking.isPending}
            onChange={(_, { value }) => {
              const source = sources.find(({ key }) => key === value);
              if (source !== undefined) taking.mutate(source.load);
            }}
          >
            <option value="">{text.takeFrom}</option>
            {sources.map((source) => (
              <option key={source.key} value={source.key}>
                {text.sources[source.kind](source.name)}
              </option>
            ))}
          </Select>
        )}
        {maySeeData && (
          <>
            <Input
              aria-label={text.executionId}
              placeholder={text.executionId}
              value={executionId}
              onChange={(_, { value }) => setExecutionId(value)}
            />
            <Button
              disabled={executionId.trim() === "" || taking.isPending}
              onClick={() => taking.mutate(() => documentOfExecution(api, executionId.trim()))}
            >
              {text.take}
            </Button>
          </>
        )}
      </div>
      <div className={styles.notes} aria-live="polite">
        {taking.error !== null && <Problem error={taking.error} shape="bar" />}
        {written.wrong !== "" && <Note tone="warning">{text.wrongSample(written.wrong)}</Note>}
      </div>
      <LazyEditor
        value={written.text}
        label={text.sample}
        isReadOnly={false}
        onChange={written.write}
        onLeave={written.settle}
      />
    </div>
  );
}

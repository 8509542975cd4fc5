/** Tests a connection as it is typed, and shows each check by its name: what is right, what failed, and how to fix it. */

import { Field, Input } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { TestResult } from "../../kit/checks/TestResult";
import { Icon } from "../../kit/icons";
import { Problem } from "../../kit/states/Problem";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import styles from "../data.module.css";
import { TEXTS } from "../text";
import panel from "./connections.module.css";
import { type Draft, sentSecrets } from "./draft";

interface TestPanelProps {
  draft: Draft;
  /** The name under which the connection is stored, so that secrets that are not typed are those that are stored. */
  storedName: string | null;
}

export function TestPanel({ draft, storedName }: TestPanelProps) {
  const { connections: text, codes } = useText(TEXTS);
  const api = useApi();
  const [path, setPath] = useState("");
  const test = useMutation({
    mutationFn: () => {
      const { kind, settings } = draft;
      const sent = { kind, settings, secrets: sentSecrets(draft) };
      const name = storedName === null ? {} : { name: storedName };
      return api.call("testConnection", { ...name, draft: sent, ...(path.trim() !== "" && { path: path.trim() }) });
    },
  });
  return (
    <div className={panel.test}>
      <div className={styles.buttons}>
        <GuardedButton
          permission="edit.connections"
          icon={<Icon name="bolt" size={16} />}
          disabled={test.isPending}
          onClick={() => test.mutate()}
        >
          {test.isPending ? text.testing : text.test}
        </GuardedButton>
        <Field label={text.path} className={panel.path}>
          <Input value={path} placeholder="/" onChange={(_, { value }) => setPath(value)} />
        </Field>
      </div>
      <div role="status">{test.data !== undefined && <TestResult result={test.data.item} />}</div>
      {test.error !== null && <Problem error={test.error} words={codes} shape="bar" />}
    </div>
  );
}

/** Tests a connection as it is typed, and shows each check by its name: what is right, what failed, and how to fix it. */

import { Field, Input } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import type { ConnectionTest } from "../../api/queries/data/data";
import { Chip, type Tone } from "../../kit/Chip";
import { Icon } from "../../kit/icons";
import { Note } from "../../kit/Note";
import { Problem } from "../../kit/states/Problem";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import styles from "../data.module.css";
import { TEXTS } from "../text";
import panel from "./connections.module.css";
import { type Draft, sentSecrets } from "./draft";

type Check = ConnectionTest["checks"][number];

const TONES: Readonly<Record<Check["state"], Tone>> = {
  ok: "done",
  warning: "retry",
  failed: "failed",
  skipped: "skipped",
};

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
      <div role="status">{test.data !== undefined && <Result result={test.data.item} />}</div>
      {test.error !== null && <Problem error={test.error} words={codes} shape="bar" />}
    </div>
  );
}

function Result({ result: { is_ok: isOk, checks } }: { result: ConnectionTest }) {
  const { connections: text } = useText(TEXTS);
  const { formats } = useTimes();
  return (
    <>
      <Note tone={isOk ? "done" : "warning"}>{isOk ? text.testOk : text.testFailed}</Note>
      <ul className={panel.checks}>
        {checks.map((check) => (
          <li key={check.name}>
            <Chip tone={TONES[check.state]}>{text.states[check.state]}</Chip>
            <span className={styles.cell}>
              <span className={panel.check}>{text.checks(check.name)}</span>
              {check.text !== "" && <small>{check.text}</small>}
              {check.fix !== "" && <small className={panel.fix}>{check.fix}</small>}
            </span>
            {check.state !== "skipped" && <span className={panel.ms}>{text.millis(formats.number(check.ms))}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

import { Link } from "@tanstack/react-router";
import type { ActivationPreview } from "../../api/queries/workflows/activation";
import { Section } from "../../kit/Page";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./activation.module.css";

/** The workflows that start this one, and whether they start the new version from then on. */
export function Callers({ callers }: { callers: ActivationPreview["callers"] }) {
  const { activation: text } = useText(TEXTS);
  if (callers.length === 0) return null;
  return (
    <Section title={text.callers}>
      <ul className={styles.versions} aria-label={text.callers}>
        {callers.map((caller) => (
          <li key={`${caller.workflow_id} ${caller.workflow_version}`}>
            <Link
              to="/workflows/$workflowId"
              params={{ workflowId: caller.workflow_id }}
              target="_blank"
              preload={false}
            >
              {caller.workflow_name}
            </Link>{" "}
            {text.callerOf(caller.workflow_version, caller.steps, caller.on_failure)}{" "}
            <strong>{caller.is_latest_called ? text.callsNew : text.callsOld}</strong>
          </li>
        ))}
      </ul>
    </Section>
  );
}

import { Button } from "@fluentui/react-components";
import type { ActivationPreview } from "../../api/queries/workflows/activation";
import { Icon } from "../../kit/icons";
import { Section } from "../../kit/Page";
import { useFindingWords } from "../../text/findings";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import styles from "./activation.module.css";

type Finding = ActivationPreview["errors"][number];

interface FindingsProps {
  errors: readonly Finding[];
  warnings: readonly Finding[];
  onShow?: (path: string) => void;
}

/** What the check says: errors prevent the activation, warnings do not. */
export function Findings({ errors, warnings, onShow }: FindingsProps) {
  const { activation: text } = useText(TEXTS);
  const say = useFindingWords();
  const all = [
    ...errors.map((finding) => ({ finding, isError: true })),
    ...warnings.map((finding) => ({ finding, isError: false })),
  ];
  return (
    <Section title={text.findings(errors.length, warnings.length)}>
      {all.length === 0 && <p>{text.noFindings}</p>}
      <ul className={styles.findings} aria-label={text.findings(errors.length, warnings.length)}>
        {all.map(({ finding, isError }) => (
          <li key={`${isError} ${finding.path} ${finding.message}`} className={isError ? styles.error : styles.warning}>
            <Icon name={isError ? "failed" : "warning"} size={16} />
            <span className={styles.finding}>
              <span>
                <strong>{isError ? text.error : text.warning}</strong> {say(finding).message}
              </span>
              {finding.hint && <small>{say(finding).hint}</small>}
              <small className={styles.mono}>{finding.path}</small>
            </span>
            {onShow !== undefined && (
              <Button size="small" onClick={() => onShow(finding.path)}>
                {text.show}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

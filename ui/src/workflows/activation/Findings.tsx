import { Button } from "@fluentui/react-components";
import type { ActivationPreview } from "../../api/queries/workflows/activation";
import { Icon } from "../../kit/icons";
import { Section } from "../../kit/Page";
import { useText } from "../../text/language";
import { useMakerFindingWords } from "../../text/maker-findings";
import { FIELD_LABELS, placeWords } from "../../text/settings";
import { TEXTS } from "../text";
import styles from "./activation.module.css";
import type { Steps } from "./use-steps";

type Finding = ActivationPreview["errors"][number];

interface FindingsProps {
  errors: readonly Finding[];
  warnings: readonly Finding[];
  steps: Steps;
  onShow?: (path: string) => void;
}

/** What the check says: errors prevent the activation, warnings do not. */
export function Findings({ errors, warnings, steps, onShow }: FindingsProps) {
  const { activation: text } = useText(TEXTS);
  const all = [
    ...errors.map((finding) => ({ finding, isError: true })),
    ...warnings.map((finding) => ({ finding, isError: false })),
  ];
  return (
    <Section title={text.findings(errors.length, warnings.length)}>
      {all.length === 0 && <p>{text.noFindings}</p>}
      <ul className={styles.findings} aria-label={text.findings(errors.length, warnings.length)}>
        {all.map(({ finding, isError }) => (
          <Item
            key={`${isError} ${finding.path} ${finding.message}`}
            {...{ finding, isError, steps }}
            {...(onShow !== undefined && { onShow })}
          />
        ))}
      </ul>
    </Section>
  );
}

interface ItemProps extends Pick<FindingsProps, "steps" | "onShow"> {
  finding: Finding;
  isError: boolean;
}

function Item({ finding, isError, steps, onShow }: ItemProps) {
  const { activation: text } = useText(TEXTS);
  const labels = useText(FIELD_LABELS);
  const { step: id, within } = steps.placeOf(finding.path);
  const step = id === null ? null : steps.stepOf(id);
  const { message, hint } = useMakerFindingWords()(finding, step?.type ?? null);
  const field = step === null ? "" : placeWords(labels, step.type, within);
  return (
    <li className={isError ? styles.error : styles.warning}>
      <Icon name={isError ? "failed" : "warning"} size={16} />
      <span className={styles.finding}>
        <span>
          <strong>{isError ? text.error : text.warning}</strong> {message}
        </span>
        {hint !== "" && <small>{hint}</small>}
        {step === null ? (
          <small className={styles.mono}>{finding.path}</small>
        ) : (
          <small>{[step.name, field].filter(Boolean).join(" › ")}</small>
        )}
      </span>
      {onShow !== undefined && (
        <Button size="small" onClick={() => onShow(finding.path)}>
          {text.show}
        </Button>
      )}
    </li>
  );
}

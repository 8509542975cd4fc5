import { Link } from "@tanstack/react-router";
import type { ActivationPreview } from "../../api/queries/workflows/activation";
import { Section } from "../../kit/Page";
import { useText } from "../../text/language";
import { ChangeList, type StepOf } from "../compare/ChangeList";
import { TEXTS } from "../text";

/** What differs from the version that is active now, and the way to see it on the graph. */
export function Changes({ preview, stepOf }: { preview: ActivationPreview; stepOf: StepOf }) {
  const { activation: text, compare } = useText(TEXTS);
  const { active_version: active, change_count: count, changes, workflow_id: workflowId } = preview;
  if (active === null) return null;
  const link = (
    <Link
      to="/workflows/$workflowId/compare"
      params={{ workflowId }}
      search={{ a: active, b: preview.workflow_version }}
      target="_blank"
      preload={false}
    >
      {text.onGraph}
    </Link>
  );
  return (
    <Section title={compare.count(count)} action={count > 0 && link}>
      {changes.length < count && <p>{compare.someOf(changes.length, count)}</p>}
      {count > 0 && <ChangeList changes={changes} stepOf={stepOf} />}
    </Section>
  );
}

import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { Empty } from "../../kit/states/Empty";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import type { WorkflowsSearch } from "./address";

/** Nothing is there yet, or nothing fits the filters. */
export function NoWorkflows({ search: { term, with: has } }: { search: WorkflowsSearch }) {
  const { list: text } = useText(TEXTS);
  const navigate = useNavigate();
  if (term !== undefined || has !== undefined) {
    const drop = (): void => void navigate({ to: "/workflows", search: {}, replace: true });
    return <Empty icon="search" title={text.noMatch} action={<Button onClick={drop}>{text.dropFilters}</Button>} />;
  }
  const create = (
    <GuardedButton
      permission="edit.drafts"
      appearance="primary"
      onClick={() => void navigate({ to: "/workflows/new" })}
    >
      {text.first}
    </GuardedButton>
  );
  return (
    <Empty icon="workflows" title={text.empty} action={create}>
      {text.emptyHint}
    </Empty>
  );
}

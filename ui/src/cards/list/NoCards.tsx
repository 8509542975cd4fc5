import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { Empty } from "../../kit/states/Empty";
import { GuardedButton } from "../../session/Guarded";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { TEXTS } from "./text";

/** No card is there yet, or none fits the filters. */
export function NoCards({ isFiltered, onCreate }: { isFiltered: boolean; onCreate: () => void }) {
  const text = useText(TEXTS);
  const shared = useText(SHARED);
  const navigate = useNavigate();
  if (isFiltered) {
    const drop = (): void => void navigate({ to: "/cards", search: {}, replace: true });
    return <Empty icon="search" title={text.noMatch} action={<Button onClick={drop}>{shared.dropFilters}</Button>} />;
  }
  const create = (
    <GuardedButton permission="edit.drafts" appearance="primary" onClick={onCreate}>
      {text.create}
    </GuardedButton>
  );
  return (
    <Empty icon="cards" title={text.empty} action={create}>
      {text.emptyHint}
    </Empty>
  );
}

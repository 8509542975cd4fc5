/** The views of the history as tabs, and what saves the filters of the screen as one more. */

import { Button } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Icon } from "../../../kit/icons";
import tabs from "../../../kit/Tabs.module.css";
import { keysOf } from "../../../shared/keys";
import { useText } from "../../../text/language";
import { TEXTS } from "../../text";
import styles from "../History.module.css";
import { type HistorySearch, isFiltered } from "../history-search";
import { useViews } from "./use-views";
import { ChangeViewDialog, DeleteViewDialog, SaveViewDialog } from "./ViewDialogs";
import { FIXED_VIEWS, type FixedView, isSameSearch } from "./views";

const FIXED: readonly FixedView[] = keysOf(FIXED_VIEWS);

export function HistoryViews({ search }: { search: HistorySearch }) {
  const { views: text } = useText(TEXTS).history;
  const { views } = useViews();
  const [asked, setAsked] = useState<"save" | "change" | "delete" | null>(null);
  const { hide, order, ...filters } = search;
  // Hidden columns and the order are of a view that was saved with them; the others leave them as they are.
  const fixed = FIXED.map((id): { id: FixedView; search: HistorySearch } => ({
    id,
    search: { ...FIXED_VIEWS[id], ...(hide && { hide }), ...(order && { order }) },
  }));
  const current = views.find((view) => isSameSearch(view.search, search))?.record;
  const isNew =
    current === undefined && isFiltered(search) && !FIXED.some((id) => isSameSearch(FIXED_VIEWS[id], filters));
  const onClose = (): void => setAsked(null);
  return (
    <div className={styles.views}>
      <nav className={tabs.tabs} aria-label={text.label}>
        {fixed.map(({ id, search: target }) => (
          <ViewTab
            key={id}
            text={text.fixed[id]}
            search={target}
            isCurrent={current === undefined && isSameSearch(target, search)}
          />
        ))}
        {views.map(({ record, search: target }) => (
          <ViewTab
            key={record.view_id}
            text={record.name}
            sharedBy={record.is_shared && !record.is_mine ? (record.created_by_name ?? "") : undefined}
            search={target}
            isCurrent={record.view_id === current?.view_id}
          />
        ))}
      </nav>
      {isNew && (
        <Button appearance="subtle" icon={<Icon name="plus" size={16} />} onClick={() => setAsked("save")}>
          {text.save}
        </Button>
      )}
      {current?.can_change && (
        <span className={styles.viewButtons}>
          <Button appearance="subtle" onClick={() => setAsked("change")}>
            {text.change}
          </Button>
          <Button appearance="subtle" icon={<Icon name="close" size={16} />} onClick={() => setAsked("delete")}>
            {text.remove}
          </Button>
        </span>
      )}
      {asked === "save" && <SaveViewDialog search={search} onClose={onClose} />}
      {asked === "change" && current !== undefined && (
        <ChangeViewDialog record={current} search={search} onClose={onClose} />
      )}
      {asked === "delete" && current !== undefined && <DeleteViewDialog record={current} onClose={onClose} />}
    </div>
  );
}

interface ViewTabProps {
  text: string;
  search: HistorySearch;
  isCurrent: boolean;
  /** Whose view it is, of one that another person shares. */
  sharedBy?: string | undefined;
}

function ViewTab({ text, search, isCurrent, sharedBy }: ViewTabProps) {
  const { views: words } = useText(TEXTS).history;
  const hint = sharedBy === undefined ? undefined : words.sharedBy(sharedBy);
  return (
    <Link
      to="/executions"
      search={search}
      className={tabs.tab}
      aria-current={isCurrent ? "page" : undefined}
      title={hint}
    >
      {hint !== undefined && <Icon name="people" size={16} />}
      {text}
    </Link>
  );
}

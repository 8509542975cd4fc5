/** How many rows are chosen, and what leads from them to a repair of all. */

import { Button } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { Icon } from "../../../kit/icons";
import { MOST_CHOSEN } from "../../../shell/handover";
import { useText } from "../../../text/language";
import { useTimes } from "../../../text/time";
import { TEXTS } from "../../text";
import type { HistorySearch } from "../history-search";
import styles from "./Choosing.module.css";
import type { Selecting } from "./selection";

export function SelectionBar({ selecting, search }: { selecting: Selecting; search: HistorySearch }) {
  const text = useText(TEXTS).history;
  const { formats } = useTimes();
  const navigate = useNavigate();
  const { ids, all } = selecting;
  const repair = async (): Promise<void> => {
    const state = { chosen: [...ids] };
    // They are chosen still when the person comes back.
    await navigate({ to: "/executions", search, state, replace: true });
    await navigate({ to: "/operations/bulks", state });
  };
  return (
    <div className={ids.size === 0 ? styles.spoken : styles.selection}>
      <span role="status">
        {ids.size > 0 && text.chosen(formats.number(ids.size))}
        {ids.size >= MOST_CHOSEN && ` ${text.mostChosen}`}
      </span>
      {ids.size > 0 && (
        <>
          <Button
            appearance="primary"
            size="small"
            icon={<Icon name="repeat" size={16} />}
            onClick={() => void repair()}
          >
            {text.repairChosen}
          </Button>
          <Button size="small" onClick={() => all(false)}>
            {text.chooseNone}
          </Button>
        </>
      )}
    </div>
  );
}

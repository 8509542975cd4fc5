/** Which of the last executions is shown on the graph. It is a part of the address, as the selected step is. */

import { Menu, MenuButton, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { recentExecutionsQuery } from "../../api/queries/studio/steps";
import { executionName } from "../../text/executions";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { useTimes } from "../../text/time";
import styles from "../screen/Screen.module.css";
import { TEXTS } from "../text";
import { useMayOverlay, useShownExecution } from "./use-overlay";

export function OverlayChoice({ workflowId }: { workflowId: string }) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const navigate = useNavigate();
  const mayRead = useMayOverlay();
  const shared = useText(SHARED);
  const { id, row, isOfAnother, error } = useShownExecution(workflowId);
  const { data, refetch } = useQuery({ ...recentExecutionsQuery(useApi(), workflowId), enabled: mayRead });
  if (!mayRead) return null;
  const recent = data?.items ?? [];
  // One that a link names may be older than those.
  const isListed = recent.some(({ workflow_execution_id }) => workflow_execution_id === row?.workflow_execution_id);
  const rows = row === null || isListed ? recent : [...recent, row];
  const show = (execution: string): void => {
    const change = ({ execution: _, ...others }: Record<string, unknown>) =>
      execution === "" ? others : { ...others, execution };
    void navigate({ to: ".", search: change, replace: true, resetScroll: false });
  };
  const isLoading = id !== null && row === null && !isOfAnother && error === null;
  const name = row === null ? text.overlay.none : executionName(row.workflow_execution_id, row.process_id);
  const shown = isLoading ? executionName(id, "") : name;
  const checked = row === null ? "" : (id ?? "");
  return (
    <>
      <Menu
        // Others have begun since it was opened last.
        onOpenChange={(_, { open }) => open && void refetch()}
        checkedValues={{ execution: [checked] }}
        onCheckedValueChange={(_, { checkedItems: [next] }) => show(next ?? "")}
      >
        <MenuTrigger disableButtonEnhancement>
          <MenuButton appearance="subtle" className={styles.execution} aria-label={`${text.overlay.title}: ${shown}`}>
            {shown}
          </MenuButton>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItemRadio name="execution" value="">
              {text.overlay.none}
            </MenuItemRadio>
            {rows.map(({ workflow_execution_id, process_id, created_on, workflow_version }) => (
              <MenuItemRadio key={workflow_execution_id} name="execution" value={workflow_execution_id}>
                {text.overlay.row(
                  executionName(workflow_execution_id, process_id),
                  formats.short(created_on, now),
                  workflow_version,
                )}
              </MenuItemRadio>
            ))}
          </MenuList>
        </MenuPopover>
      </Menu>
      <span role="status" className={styles.hint}>
        {isLoading ? shared.loading : ""}
      </span>
    </>
  );
}

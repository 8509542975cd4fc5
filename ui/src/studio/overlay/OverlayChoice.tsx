/** Which of the last executions is shown on the graph. It is a part of the address, as the selected step is. */

import { Menu, MenuButton, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useApi } from "../../api/context";
import { recentExecutionsQuery } from "../../api/queries/studio/steps";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import styles from "../screen/Screen.module.css";
import { TEXTS } from "../text";
import { useMayOverlay, useShownExecution } from "./use-overlay";

export function OverlayChoice({ workflowId }: { workflowId: string }) {
  const text = useText(TEXTS);
  const { formats, now } = useTimes();
  const navigate = useNavigate();
  const mayRead = useMayOverlay();
  const { id, row } = useShownExecution(workflowId);
  const { data } = useQuery({ ...recentExecutionsQuery(useApi(), workflowId), enabled: mayRead });
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
  const shown = row?.process_id ?? text.overlay.none;
  const checked = row === null ? "" : (id ?? "");
  return (
    <Menu
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
              {text.overlay.row(process_id, formats.short(created_on, now), workflow_version)}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

/** The menu of a step: the actions of the one table that make sense for it. */

import { Menu, MenuDivider, MenuItem, MenuList, MenuPopover } from "@fluentui/react-components";
import { type MouseEvent, useState } from "react";
import { Icon } from "../../kit/icons";
import { useText } from "../../text/language";
import type { Studio } from "../studio";
import { TEXTS } from "../text";
import type { Viewing } from "./action";
import { possible } from "./actions";
import { actionText } from "./use-actions";

export interface OpenMenu {
  target: { x: number; y: number } | null;
  open: (step: string, event: MouseEvent) => void;
  close: () => void;
}

/** Returns the menu, which opens where the pointer or the step is. */
export function useStepMenu(): OpenMenu {
  const [target, setTarget] = useState<OpenMenu["target"]>(null);
  return {
    target,
    open: (_, event) => {
      // The menu key of a keyboard gives no place of the pointer.
      const box = event.currentTarget.getBoundingClientRect();
      setTarget(event.clientX > 0 ? { x: event.clientX, y: event.clientY } : { x: box.left + 24, y: box.bottom });
    },
    close: () => setTarget(null),
  };
}

const NO_VIEW: Viewing = {
  fit: () => undefined,
  scaleBy: () => undefined,
  showProblem: () => undefined,
  openSide: () => undefined,
  hasSteps: () => true,
  showStep: () => undefined,
  moveArea: () => undefined,
};

export function StepMenu({ studio, menu }: { studio: Studio; menu: OpenMenu }) {
  const text = useText(TEXTS);
  const { target } = menu;
  if (target === null) return null;
  const actions = possible(studio).filter(({ scope, id }) => scope === "step" && id !== "open");
  const place = { getBoundingClientRect: () => new DOMRect(target.x, target.y, 0, 0) };
  return (
    <Menu
      open
      onOpenChange={(_, { open }) => !open && menu.close()}
      positioning={{ target: place, position: "below", align: "start" }}
    >
      <MenuPopover>
        <MenuList>
          {actions.map((action) => [
            action.id === "delete" && <MenuDivider key="divider" />,
            <MenuItem
              key={action.id}
              icon={<Icon name={action.icon} size={16} />}
              secondaryContent={action.keys[0] ?? null}
              onClick={() => {
                menu.close();
                action.run(studio, NO_VIEW);
              }}
            >
              {actionText(action, text)}
            </MenuItem>,
          ])}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
